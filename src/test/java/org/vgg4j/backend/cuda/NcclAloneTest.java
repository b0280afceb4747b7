package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Recorded;

/** NCCL between the one rank of a world: what a single GPU can show. */
@OnCuda
final class NcclAloneTest {
  private static final int COUNT = 1 << 16;
  private static final int REPLAYS = 5;

  private byte[] id;

  @BeforeEach
  void newId() {
    id = NcclRanks.newId(CudaUnderTest.libraries(), Ranks.PATIENT);
  }

  private Collective join(Backend backend) {
    return NcclRanks.join(backend, id, 0, 1, Ranks.PATIENT);
  }

  private static double[] filled(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = Slab.value(0, i);
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64", "BF16"})
  void sumsOfOneRankChangeNothing(DType type) {
    try (CudaBackend backend = CudaUnderTest.open();
        Collective collective = join(backend);
        Slab slab = new Slab(backend, type, COUNT).fill(0)) {
      double[] before = slab.values();
      Reduction last = slab.begin(collective, COUNT / 2, COUNT / 2);
      slab.begin(collective, 0, COUNT / 2).await();
      last.await();
      assertArrayEquals(before, slab.values());
      collective.broadcast(slab.arena(), type, 3, COUNT - 3);
      assertArrayEquals(before, slab.values());
    }
  }

  @Test
  void whatTheHostKnowsTravelsThroughTheGpu() {
    try (CudaBackend backend = CudaUnderTest.open();
        Collective collective = join(backend)) {
      double[] values = {1.5, -2, 1e300};
      collective.sum(values);
      assertArrayEquals(new double[] {1.5, -2, 1e300}, values);
      collective.sum(new double[0]);
      byte[] text = "a word ".repeat(3000).getBytes(StandardCharsets.UTF_8);
      assertArrayEquals(text, collective.broadcast(text));
      assertArrayEquals(new byte[0], collective.broadcast(new byte[0]));
      assertArrayEquals(text, collective.gather(text)[0]);
      assertArrayEquals(new byte[0], collective.gather(new byte[0])[0]);
      assertEquals(0, collective.rank());
      assertEquals(1, collective.world());
      assertTrue(collective.description().startsWith("NCCL 2."), collective.description());
      assertTrue(collective.description().endsWith("NCCL_NVLS_ENABLE=0"), collective.description());
    }
  }

  @Test
  void recordedStepsSumAgainAndAgain() {
    try (CudaBackend backend = CudaUnderTest.open();
        Collective collective = join(backend);
        Slab gradients = new Slab(backend, DType.F32, COUNT).fill(0);
        Slab total = new Slab(backend, DType.F32, COUNT)) {
      AccumulatePlan add = backend.accumulate(gradients.arena(), total.arena());
      Runnable step =
          () -> {
            Reduction later = gradients.begin(collective, COUNT / 2, COUNT / 2);
            gradients.begin(collective, 0, COUNT / 2).await();
            later.await();
            add.run();
          };
      step.run();
      try (Recorded recorded = backend.record(step)) {
        for (int i = 0; i < REPLAYS; i++) {
          recorded.run();
          collective.sum(new double[1]);
        }
      }
      double[] expected = filled(COUNT);
      for (int i = 0; i < COUNT; i++) {
        expected[i] *= 1 + REPLAYS; // integers, exact in a float
      }
      assertArrayEquals(expected, total.values());
    }
  }

  @Test
  void afterAnAbortNothingIsBelieved() {
    try (CudaBackend backend = CudaUnderTest.open();
        Collective collective = join(backend);
        Slab slab = new Slab(backend, DType.F32, COUNT).fill(0)) {
      Runnable step = () -> slab.begin(collective, 0, COUNT).await();
      step.run();
      try (Recorded recorded = backend.record(step)) {
        recorded.run();
        collective.abort();
        for (Runnable call :
            new Runnable[] {
              recorded::run,
              slab::values,
              backend::synchronize,
              () -> collective.sum(new double[1]),
              () -> collective.broadcast(new byte[1]),
              () -> slab.begin(collective, 0, 1)
            }) {
          PeerLostException lost = assertThrows(PeerLostException.class, call::run);
          assertEquals(
              "rank 0 of 1: other ranks are lost: it was aborted on this rank", lost.getMessage());
        }
      }
    }
  }

  @Test
  void engineGoesOnWhenItsCollectiveIsClosed() {
    try (CudaBackend backend = CudaUnderTest.open();
        Slab slab = new Slab(backend, DType.F32, COUNT).fill(0)) {
      Collective collective = join(backend);
      Runnable step = () -> slab.begin(collective, 0, COUNT).await();
      step.run();
      Recorded recorded = backend.record(step);
      recorded.run();
      collective.close(); // before the step that was recorded with it
      collective.close();
      if (CudaUnderTest.with(CudaOptions.STRICT).graph()) {
        assertThrows(IllegalStateException.class, recorded::run);
      }
      recorded.close();
      assertArrayEquals(filled(COUNT), slab.values());
      newId();
      try (Collective next = join(backend)) {
        next.sum(new double[1]);
        assertThrows(IllegalStateException.class, () -> join(backend));
      }
    }
  }

  @Test
  void engineClosesItsCollective() {
    CudaBackend backend = CudaUnderTest.open();
    Collective collective = join(backend);
    collective.sum(new double[1]);
    backend.close();
    collective.close();
  }

  @Test
  void ranksThatDoNotComeAreGivenUp() {
    NcclOptions impatient = new NcclOptions(Duration.ofSeconds(1), Duration.ofSeconds(1), null);
    try (CudaBackend backend = CudaUnderTest.open()) {
      PeerLostException lost =
          assertThrows(PeerLostException.class, () -> NcclRanks.join(backend, id, 0, 2, impatient));
      assertEquals("rank 0 of 2: the other ranks did not all come within 1.0 s", lost.getMessage());
      try (Slab slab = new Slab(backend, DType.F32, COUNT).fill(0)) {
        assertArrayEquals(filled(COUNT), slab.values());
      }
      newId();
      try (Collective collective = join(backend)) {
        collective.sum(new double[1]);
      }
    }
  }

  @Test
  void oneGpuForTwoRanksIsRefused() throws InterruptedException {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    Thread[] ranks = new Thread[2];
    for (int i = 0; i < ranks.length; i++) {
      int rank = i;
      ranks[i] =
          new Thread(
              () -> {
                try (CudaBackend backend = CudaUnderTest.open()) {
                  NcclRanks.join(backend, id, rank, ranks.length, Ranks.PATIENT);
                } catch (RuntimeException e) {
                  failures.add(e);
                }
              });
      ranks[i].start();
    }
    for (Thread rank : ranks) {
      rank.join();
    }
    assertEquals(2, failures.size(), failures::toString);
    assertTrue(
        failures.stream().anyMatch(e -> e.getMessage().contains("Duplicate GPU detected")),
        failures::toString);
  }

  @Test
  void memoryStaysFlat() {
    try (CudaBackend backend = CudaUnderTest.open();
        Collective collective = join(backend);
        Slab slab = new Slab(backend, DType.F32, COUNT).fill(0)) {
      for (int round = 0; round < 2; round++) {
        long pointers = Pointer.totalCount();
        long bytes = backend.memory().device().bytes();
        for (int i = 0; i < 500; i++) {
          slab.begin(collective, 0, COUNT).await();
          collective.sum(new double[2]);
        }
        if (round > 0) {
          assertEquals(bytes, backend.memory().device().bytes());
          assertTrue(Pointer.totalCount() <= pointers + 50, () -> Pointer.totalCount() + " now");
        }
        System.gc();
      }
    }
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    try (CudaBackend backend = CudaUnderTest.open();
        Collective collective = join(backend);
        Slab slab = new Slab(backend, DType.F32, 8)) {
      assertThrows(InvalidInputException.class, () -> slab.begin(collective, 1, 8));
      assertThrows(InvalidInputException.class, () -> slab.begin(collective, -1, 1));
      assertThrows(InvalidInputException.class, () -> slab.begin(collective, 0, 0));
      assertThrows(
          InvalidInputException.class, () -> collective.begin(slab.arena(), DType.I32, 0, 1));
      try (Backend host = Backends.open("reference").backend();
          Arena onHost = host.allocate(64)) {
        assertThrows(InvalidInputException.class, () -> collective.begin(onHost, DType.F64, 0, 1));
        assertThrows(InvalidInputException.class, () -> join(host));
      }
    }
    try (CudaBackend backend = CudaUnderTest.open()) {
      assertThrows(
          InvalidInputException.class, () -> NcclRanks.join(backend, id, 1, 1, Ranks.PATIENT));
      assertThrows(
          InvalidInputException.class, () -> NcclRanks.join(backend, id, 0, 0, Ranks.PATIENT));
      assertThrows(
          InvalidInputException.class,
          () -> NcclRanks.join(backend, new byte[3], 0, 1, Ranks.PATIENT));
    }
  }
}
