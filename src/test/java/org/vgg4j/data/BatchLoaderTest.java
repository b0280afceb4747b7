package org.vgg4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.InvalidInputException;

@Timeout(60)
class BatchLoaderTest {
  private static final int CLASSES = 200; // labels beyond 127 as well

  @ParameterizedTest
  @CsvSource({
    "1, 23, 5, 6, 1", // the last of 3
    "1, 23, 5, 6, 3",
    "3, 23, 5, 6, 3",
    "1, 20, 5, 6, 1", // no smaller last
    "1, 23, 1, 4, 2",
    "1, 23, 23, 9, 1",
    "1, 23, 64, 4, 1", // one smaller batch and nothing else
    "2, 7, 4, 5, 2" // nothing to resize
  })
  void batchesAreThoseOfADirectComputation(
      int channels, int count, int batchSize, int imageSize, int netChannels) {
    ImageDataset data = data(count, channels);
    int[] shuffled = Shuffle.permutation(count, 1, 0);
    int[] inOrder = IntStream.range(0, count).toArray();
    try (BatchLoader loader = new BatchLoader(data, batchSize, imageSize, netChannels, null)) {
      assertPass(loader, data, batchSize, imageSize, netChannels, inOrder, 0);
    }
    try (BatchLoader loader = new BatchLoader(data, batchSize, imageSize, netChannels, shuffled)) {
      assertPass(loader, data, batchSize, imageSize, netChannels, shuffled, 0);
    }
  }

  @Test
  void aPassBeginsWhereItIsTold() {
    ImageDataset data = data(23, 1);
    int[] order = Shuffle.permutation(23, 2, 0);
    for (int first = 0; first <= 5; first++) {
      try (BatchLoader loader = new BatchLoader(data, 5, 6, 1, order, first)) {
        assertPass(loader, data, 5, 6, 1, order, first);
      }
    }
  }

  /** The loader runs ahead as far as it may while each batch is looked at again and again. */
  @Test
  void aBatchIsNotOverwrittenWhileItIsLent() throws InterruptedException {
    ImageDataset data = data(40, 1);
    try (BatchLoader loader = new BatchLoader(data, 4, 6, 1, null)) {
      Batch before = null;
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        float[] x = batch.x().clone();
        int[] labels = batch.labels().clone();
        for (int look = 0; look < 5; look++) {
          Thread.sleep(4);
          assertArrayEquals(x, batch.x());
          assertArrayEquals(labels, batch.labels());
        }
        assertTrue(before == null || before.x() != batch.x(), "the same buffer twice in a row");
        before = batch;
      }
    }
  }

  /** Memory is bounded by the buffers, however long the pass. */
  @Test
  void buffersAreUsedAgain() {
    ImageDataset data = data(40, 1);
    Set<float[]> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    try (BatchLoader loader = new BatchLoader(data, 2, 6, 1, null)) {
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        seen.add(batch.x());
      }
    }
    assertEquals(3, seen.size());
  }

  @Test
  void afterTheEndThereIsNothing() throws InterruptedException {
    BatchLoader loader = new BatchLoader(data(5, 1), 2, 4, 1, null);
    try (loader) {
      for (int i = 0; i < 3; i++) {
        assertEquals(i, loader.next().index());
      }
      for (int i = 0; i < 5; i++) {
        assertNull(loader.next());
      }
      assertEnds(loader);
    }
  }

  @Test
  void channelsThatDoNotFitAreRefused() {
    for (int net : new int[] {1, 2, 4}) {
      String message =
          assertThrows(
                  InvalidInputException.class, () -> new BatchLoader(data(5, 3), 2, 4, net, null))
              .getMessage();
      assertEquals("a net of " + net + " channels cannot take tiny with 3", message);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 4, 1",
    "-1, 4, 1",
    "2, 0, 1",
    "2, 4, 0",
    "2, 65536, 1", // 0 in 32 bits
    "65536, 256, 65536",
    "1, 46341, 1"
  })
  void extentsOfNoArrayAreRefused(int batchSize, int imageSize, int channels) {
    ImageDataset data = data(5, 1);
    assertThrows(
        InvalidInputException.class,
        () -> new BatchLoader(data, batchSize, imageSize, channels, null));
  }

  /** In the first batch, and after two good ones. */
  @Test
  void aFailureInTheBackgroundReachesTheUser() throws InterruptedException {
    for (int good = 0; good <= 2; good++) {
      int[] order = IntStream.range(0, 10).toArray();
      order[2 * good + 1] = 10; // there are 0..9
      BatchLoader loader = new BatchLoader(data(10, 1), 2, 4, 1, order);
      try (loader) {
        for (int i = 0; i < good; i++) {
          assertEquals(i, loader.next().index());
        }
        IllegalStateException failure = assertThrows(IllegalStateException.class, loader::next);
        assertSame(ArrayIndexOutOfBoundsException.class, failure.getCause().getClass());
        assertTrue(failure.getMessage().contains("could not be prepared"), failure.getMessage());
        assertThrows(IllegalStateException.class, loader::next);
        assertEnds(loader);
      }
    }
  }

  @Test
  void closingInTheMiddleEndsTheThread() throws InterruptedException {
    for (int taken = 0; taken < 4; taken++) {
      BatchLoader loader = new BatchLoader(data(1000, 1), 2, 8, 1, null);
      for (int i = 0; i < taken; i++) {
        loader.next();
      }
      assertTrue(loader.thread().isAlive(), "500 batches do not fit into 3 buffers");
      loader.close();
      assertEnds(loader);
      loader.close();
      IllegalStateException refusal = assertThrows(IllegalStateException.class, loader::next);
      assertTrue(refusal.getMessage().contains("is closed"), refusal.getMessage());
    }
  }

  @Test
  void anInterruptionReachesTheUserAndLosesNothing() {
    ImageDataset data = data(11, 1);
    try (BatchLoader loader = new BatchLoader(data, 2, 4, 1, null)) {
      assertEquals(0, loader.next().index());
      Thread.currentThread().interrupt();
      assertThrows(IllegalStateException.class, loader::next);
      assertTrue(Thread.interrupted(), "the interruption was swallowed");
      for (int i = 1; i < 6; i++) {
        assertEquals(i, loader.next().index());
      }
      assertNull(loader.next());
    }
  }

  /** A pass that nobody closes must not keep a program from ending. */
  @Test
  void theThreadIsADaemon() {
    try (BatchLoader loader = new BatchLoader(data(1000, 1), 2, 8, 1, null)) {
      assertTrue(loader.thread().isDaemon());
    }
  }

  private static void assertEnds(BatchLoader loader) throws InterruptedException {
    loader.thread().join(10_000);
    assertTrue(!loader.thread().isAlive(), "the thread is still there");
  }

  /** Takes a pass to its end; it must be the images of {@code order}, each once. */
  private static void assertPass(
      BatchLoader loader,
      ImageDataset data,
      int batchSize,
      int imageSize,
      int netChannels,
      int[] order,
      int firstBatch) {
    int taken = Math.min(firstBatch * batchSize, order.length);
    int index = firstBatch;
    for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
      assertEquals(index++, batch.index());
      assertEquals(Math.min(batchSize, order.length - taken), batch.size());
      assertEquals(batchSize, batch.labels().length);
      int image = netChannels * imageSize * imageSize;
      assertEquals(batchSize * image, batch.x().length);
      for (int i = 0; i < batch.size(); i++) {
        assertEquals(data.label(order[taken]), batch.labels()[i]);
        assertArrayEquals(
            direct(data, order[taken], imageSize, netChannels),
            Arrays.copyOfRange(batch.x(), i * image, (i + 1) * image));
        taken++;
      }
    }
    assertEquals(order.length, taken);
  }

  /** An image by itself; the resizing has its own test. */
  private static float[] direct(ImageDataset data, int image, int imageSize, int netChannels) {
    int plane = imageSize * imageSize;
    float[] x = new float[netChannels * plane];
    for (int c = 0; c < netChannels; c++) {
      int from = data.channels() == 1 ? 0 : c * data.height() * data.width();
      new BilinearResize(data.height(), data.width(), imageSize)
          .resize(data.image(image), from, x, c * plane);
    }
    return x;
  }

  /** Images of 5 x 5 that all differ. */
  private static ImageDataset data(int count, int channels) {
    byte[] labels = new byte[count];
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i * 37 % CLASSES);
    }
    for (int i = 0; i < CLASSES; i++) {
      names.add("class " + i);
    }
    byte[] pixels = TinyIdx.noise(count * channels * 25, count);
    return new ImageDataset("tiny", false, channels, 5, 5, names, pixels, labels);
  }
}
