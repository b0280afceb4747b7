package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceUnavailableException;

/** One of several GPUs. */
@OnStandIn
final class CudaDeviceNumberTest {
  @BeforeEach
  void twoDevices() {
    StandIn.require();
    StandIn.devices(2);
  }

  @AfterEach
  void oneDevice() {
    StandIn.devices(1);
  }

  private static Backend open(String device) {
    return Backends.open(
            EngineOptions.builder(device)
                .cudaLibraries(CudaUnderTest.libraries())
                .deterministic(true)
                .build())
        .backend();
  }

  /** Uses an engine and returns the GPU that is current in this thread then. */
  private static int used(Backend backend) {
    backend.allocate(256).close();
    int[] current = {-1};
    cudart.cudaGetDevice(current);
    return current[0];
  }

  @Test
  void everyEngineUsesItsOwn() {
    try (Backend first = open("cuda");
        Backend second = open("cuda:1")) {
      assertEquals("cuda", second.name());
      assertEquals(1, used(second));
      assertEquals(0, used(first));
      assertEquals(1, used(second));
    }
  }

  @Test
  void inEveryThread() {
    ExecutorService other = Executors.newSingleThreadExecutor();
    try (Backend backend = open("cuda:1")) {
      assertEquals(1, used(backend));
      backend.release();
      int there =
          CompletableFuture.supplyAsync(
                  () -> {
                    int current = used(backend);
                    backend.release();
                    return current;
                  },
                  other)
              .join();
      assertEquals(1, there);
    } finally {
      other.shutdown();
    }
  }

  @Test
  void numberBeyondTheLastIsRefused() {
    DeviceUnavailableException refusal =
        assertThrows(DeviceUnavailableException.class, () -> open("cuda:2"));
    assertEquals("cuda:2", refusal.device());
    assertEquals("this machine has 2 GPUs, numbered from 0", refusal.getMessage());
  }
}
