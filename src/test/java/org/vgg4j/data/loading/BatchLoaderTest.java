package org.vgg4j.data.loading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
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
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.MixedImages;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Levels;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.Resizer;
import org.vgg4j.data.sets.TinyIdx;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

@Timeout(60)
class BatchLoaderTest {
  private static final int CLASSES = 1000; // labels beyond a byte

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
    ImageSource data = data(count, channels);
    Preprocessing net = Preprocessing.of(netChannels, imageSize);
    int[] shuffled = new Draw(1, 0).permutation(count);
    int[] inOrder = IntStream.range(0, count).toArray();
    try (BatchLoader loader = new BatchLoader(data, batchSize, net)) {
      assertPass(loader, data, batchSize, net, inOrder, 0);
    }
    try (BatchLoader loader = loader(data, batchSize, net, shuffled, 0)) {
      assertPass(loader, data, batchSize, net, shuffled, 0);
    }
  }

  @Test
  void aPassBeginsWhereItIsTold() {
    ImageSource data = data(23, 1);
    int[] order = new Draw(2, 0).permutation(23);
    for (int first = 0; first <= 5; first++) {
      try (BatchLoader loader = loader(data, 5, Preprocessing.of(1, 6), order, first)) {
        assertPass(loader, data, 5, Preprocessing.of(1, 6), order, first);
      }
    }
  }

  /** Grey and coloured, wide and high, the same and another than before; cropped and normalized. */
  @Test
  void imagesMayDifferInShape() {
    Preprocessing net = new Preprocessing(3, 7, 4, List.of(0.1, 0.2, 0.3), List.of(0.5, 0.25, 2.0));
    MixedImages data = new MixedImages(23);
    int[] order = new Draw(4, 1).permutation(23);
    try (BatchLoader loader = loader(data, 5, net, order, 0)) {
      assertPass(loader, data, 5, net, order, 0);
    }
    try (BatchLoader loader = new BatchLoader(data.limit(9), 5, Preprocessing.of(3, 6))) {
      int[] first = IntStream.range(0, 9).toArray();
      assertPass(loader, data, 5, Preprocessing.of(3, 6), first, 0);
    }
  }

  /** It is the user's file that is wrong, not the program. */
  @Test
  void anImageThatDoesNotFitIsRefusedWhenItIsRead() {
    try (BatchLoader loader = new BatchLoader(new MixedImages(23), 1, Preprocessing.of(1, 6))) {
      assertEquals(0, loader.next().index()); // a grey one
      for (int i = 0; i < 2; i++) {
        assertEquals(
            "a net of 1 channels cannot take image 1 of mixed with 3",
            assertThrows(InvalidInputException.class, loader::next).getMessage());
      }
    }
  }

  @Test
  void batchesAreWrittenIntoTheBuffersThatAreGiven() {
    Set<HostBuffer> given = Collections.newSetFromMap(new IdentityHashMap<>());
    ImageSource data = data(11, 1);
    try (BatchLoader loader =
        BatchLoader.ofPixels(
            data,
            ImageViews.of(Preprocessing.of(1, 5)),
            new BatchSchedule(11, 4, 1),
            null,
            1,
            bytes -> {
              HostBuffer buffer = HostBuffer.direct(bytes);
              given.add(buffer);
              return buffer;
            })) {
      assertEquals(9, given.size()); // images, labels and table of three batches
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        assertTrue(given.contains(batch.images()) && given.contains(batch.labels()));
        ByteBuffer images = batch.images().bytes();
        assertEquals(4 * 25, images.remaining());
        for (int i = 0; i < batch.size(); i++) {
          byte[] image = new byte[25];
          images.get(25 * i, image);
          assertArrayEquals(Images.bytes(data, 4 * batch.index() + i), image);
        }
      }
    }
    try (BatchLoader loader = new BatchLoader(data, 4, Preprocessing.of(1, 6))) {
      assertTrue(loader.next().images().bytes().isDirect());
    }
  }

  /** The loader runs ahead as far as it may while each batch is looked at again and again. */
  @Test
  void aBatchIsNotOverwrittenWhileItIsLent() throws InterruptedException {
    ImageSource data = data(40, 1);
    try (BatchLoader loader = new BatchLoader(data, 4, Preprocessing.of(1, 6))) {
      HostBuffer before = null;
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        float[] x = floats(batch);
        int[] labels = labels(batch);
        for (int look = 0; look < 5; look++) {
          Thread.sleep(4);
          assertArrayEquals(x, floats(batch));
          assertArrayEquals(labels, labels(batch));
        }
        assertNotSame(before, batch.images(), "the same buffer twice in a row");
        before = batch.images();
      }
    }
  }

  /** Memory is bounded by the buffers, however long the pass. */
  @Test
  void buffersAreUsedAgain() {
    ImageSource data = data(40, 1);
    Set<HostBuffer> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    try (BatchLoader loader = new BatchLoader(data, 2, Preprocessing.of(1, 6))) {
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        seen.add(batch.images());
      }
    }
    assertEquals(3, seen.size());
  }

  @Test
  void afterTheEndThereIsNothing() throws InterruptedException {
    BatchLoader loader = new BatchLoader(data(5, 1), 2, Preprocessing.of(1, 4));
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
                  InvalidInputException.class,
                  () -> new BatchLoader(data(5, 3), 2, Preprocessing.of(net, 4)))
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
    ImageSource data = data(5, 1);
    assertThrows(
        InvalidInputException.class,
        () -> new BatchLoader(data, batchSize, Preprocessing.of(channels, imageSize)));
  }

  /** In the first batch, and after two good ones. */
  @Test
  void aFailureInTheBackgroundReachesTheUser() throws InterruptedException {
    for (int good = 0; good <= 2; good++) {
      int[] order = IntStream.range(0, 10).toArray();
      order[2 * good + 1] = 10; // there are 0..9
      BatchLoader loader = loader(data(10, 1), 2, Preprocessing.of(1, 4), order, 0);
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
      BatchLoader loader = new BatchLoader(data(1000, 1), 2, Preprocessing.of(1, 8));
      for (int i = 0; i < taken; i++) {
        loader.next();
      }
      assertTrue(
          loader.threads().stream().allMatch(Thread::isAlive),
          "500 batches do not fit into 3 buffers");
      loader.close();
      assertEnds(loader);
      loader.close();
      IllegalStateException refusal = assertThrows(IllegalStateException.class, loader::next);
      assertTrue(refusal.getMessage().contains("is closed"), refusal.getMessage());
    }
  }

  @Test
  void anInterruptionReachesTheUserAndLosesNothing() {
    ImageSource data = data(11, 1);
    try (BatchLoader loader = new BatchLoader(data, 2, Preprocessing.of(1, 4))) {
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
  void theThreadsAreDaemons() {
    try (BatchLoader loader = new BatchLoader(data(1000, 1), 2, Preprocessing.of(1, 8))) {
      assertTrue(loader.threads().stream().allMatch(Thread::isDaemon));
    }
  }

  /** Three devices take what one alone would, each its slice of every batch. */
  @Test
  void shardsTakeTheirSlices() {
    ImageSource data = data(11, 1);
    int[] order = new Draw(3, 1).permutation(11);
    BatchSchedule whole = new BatchSchedule(11, 4, 1);
    for (int batch = 0; batch < 3; batch++) {
      List<Integer> labels = new ArrayList<>();
      for (int rank = 0; rank < 3; rank++) {
        BatchSchedule mine = new BatchSchedule(11, 4, 1, new Shard(rank, 3));
        try (BatchLoader loader =
            BatchLoader.ofPixels(
                data,
                ImageViews.of(Preprocessing.of(1, 5)),
                mine,
                order,
                batch,
                HostBuffer::direct)) {
          Batch slice = loader.next();
          for (int row = 0; row < slice.size(); row++) {
            labels.add(slice.label(row));
          }
        }
      }
      List<Integer> expected = new ArrayList<>();
      for (int i = whole.begin(batch); i < whole.end(batch); i++) {
        expected.add(data.label(order[i]));
      }
      assertEquals(expected, labels);
    }
  }

  private static void assertEnds(BatchLoader loader) throws InterruptedException {
    for (Thread thread : loader.threads()) {
      thread.join(10_000);
      assertTrue(!thread.isAlive(), "the thread is still there");
    }
  }

  private static BatchLoader loader(
      ImageSource data, int batchSize, Preprocessing net, int[] order, int firstBatch) {
    return new BatchLoader(
        data,
        ImageViews.of(net),
        new BatchSchedule(data.size(), batchSize, 1, Shard.WHOLE),
        order,
        firstBatch,
        HostBuffer::direct);
  }

  /** Takes a pass to its end; it must be the images of {@code order}, each once. */
  private static void assertPass(
      BatchLoader loader,
      ImageSource data,
      int batchSize,
      Preprocessing net,
      int[] order,
      int firstBatch) {
    int taken = Math.min(firstBatch * batchSize, order.length);
    int index = firstBatch;
    for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
      assertEquals(index++, batch.index());
      assertEquals(Math.min(batchSize, order.length - taken), batch.size());
      assertEquals(batchSize, labels(batch).length);
      int image = net.channels() * net.crop() * net.crop();
      float[] x = floats(batch);
      assertEquals(batchSize * image, x.length);
      for (int i = 0; i < batch.size(); i++) {
        assertEquals(data.label(order[taken]), batch.label(i));
        assertArrayEquals(
            direct(data, order[taken], net), Arrays.copyOfRange(x, i * image, (i + 1) * image));
        taken++;
      }
    }
    assertEquals(order.length, taken);
  }

  private static float[] floats(Batch batch) {
    float[] x = new float[batch.images().bytes().capacity() / Float.BYTES];
    batch.images().bytes().asFloatBuffer().get(x);
    return x;
  }

  private static int[] labels(Batch batch) {
    int[] labels = new int[batch.labels().bytes().capacity() / Integer.BYTES];
    batch.labels().bytes().asIntBuffer().get(labels);
    return labels;
  }

  /** An image by itself; the resizing has its own test. */
  private static float[] direct(ImageSource data, int image, Preprocessing net) {
    ImageShape shape = data.shape(image);
    Resizer resize = Resizer.of(net, shape.height(), shape.width());
    int plane = net.crop() * net.crop();
    float[] x = new float[net.channels() * plane];
    for (int c = 0; c < net.channels(); c++) {
      int from = shape.channels() == 1 ? 0 : c * shape.height() * shape.width();
      Levels levels =
          new Levels(0, net.mean().get(c).floatValue(), net.deviation().get(c).floatValue());
      resize.resize(Images.bytes(data, image), from, FloatBuffer.wrap(x), c * plane, levels);
    }
    return x;
  }

  /** Images of 5 x 5 that all differ. */
  private static ImageSource data(int count, int channels) {
    int[] labels = new int[count];
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      labels[i] = i * 370 % CLASSES;
    }
    for (int i = 0; i < CLASSES; i++) {
      names.add("class " + i);
    }
    byte[] pixels = TinyIdx.noise(count * channels * 25, count);
    return new InMemoryImages("tiny", new ImageShape(channels, 5, 5), names, pixels, labels);
  }
}
