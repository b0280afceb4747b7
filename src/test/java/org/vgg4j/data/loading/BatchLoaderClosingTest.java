package org.vgg4j.data.loading;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.InvalidInputException;

/** A loader's ends: of the pass, by closing, by failure; and what it refuses to begin with. */
@Timeout(60)
final class BatchLoaderClosingTest {
  private static final ImageSource SEVEN =
      new InMemoryImages(
          "seven", new ImageShape(1, 2, 2), List.of("a", "b"), new byte[28], new int[7]);

  @Test
  void theEndOfThePassStaysTheEnd() {
    try (BatchLoader loader = loader(null, 0)) {
      assertEquals(4, loader.next().size());
      assertEquals(3, loader.next().size());
      assertNull(loader.next());
      assertNull(loader.next());
    }
  }

  @Test
  void aPassMayBeginAtAnyBatchAndAfterTheLast() {
    try (BatchLoader loader = loader(null, 1)) {
      assertEquals(1, loader.next().index());
      assertNull(loader.next());
    }
    try (BatchLoader loader = loader(null, 2)) {
      assertNull(loader.next());
    }
  }

  @Test
  void aClosedLoaderSaysSoRatherThanEndThePass() {
    BatchLoader loader = new BatchLoader(SEVEN, 1, Preprocessing.of(1, 2));
    assertNotNull(loader.next());
    loader.close();
    loader.close();
    assertThrows(IllegalStateException.class, loader::next);
  }

  @Test
  void closingEndsTheWaitOfAnotherThread() throws Exception {
    int many = 1 << 23; // so that the pass does not end before it is closed
    ImageSource data =
        new InMemoryImages(
            "many", new ImageShape(1, 1, 1), List.of("a"), new byte[many], new int[many]);
    BatchLoader loader = new BatchLoader(data, 1, Preprocessing.of(1, 1));
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Void> pass =
        CompletableFuture.runAsync(
            () -> {
              while (loader.next() != null) {
                begun.countDown();
              }
            });
    begun.await();
    loader.close();
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> pass.get(30, TimeUnit.SECONDS));
    assertInstanceOf(IllegalStateException.class, failure.getCause());
  }

  @Test
  void aFailureReachesEveryCall() {
    int[] order = {0, 1, 2, 3, 4, 5, 7};
    try (BatchLoader loader = loader(order, 0)) {
      assertNotNull(loader.next());
      Throwable failure = assertThrows(IllegalStateException.class, loader::next).getCause();
      assertInstanceOf(IndexOutOfBoundsException.class, failure);
      assertThrows(IllegalStateException.class, loader::next);
    }
  }

  @Test
  void unusableSizesAreRefused() {
    refused("batchSize must be at least 1", 0, 2, 1);
    refused("at least 1", 4, 0, 1);
    refused("at least 1", 4, 2, 0);
    refused("too large", 4, 65536, 1);
    refused("too large", Integer.MAX_VALUE, 2, 3);
    assertThrows(IllegalArgumentException.class, () -> loader(new int[6], 0).close());
    assertThrows(IllegalArgumentException.class, () -> loader(null, -1).close());
    assertThrows(IllegalArgumentException.class, () -> loader(null, 3).close());
  }

  private static BatchLoader loader(int[] order, int firstBatch) {
    return new BatchLoader(
        SEVEN,
        ImageViews.of(Preprocessing.of(1, 2)),
        new BatchSchedule(7, 4, 1),
        order,
        firstBatch,
        HostBuffer::direct);
  }

  private static void refused(String why, int batchSize, int imageSize, int channels) {
    InvalidInputException e =
        assertThrows(
            InvalidInputException.class,
            () -> new BatchLoader(SEVEN, batchSize, Preprocessing.of(channels, imageSize)).close());
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }
}
