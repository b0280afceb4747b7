package org.vgg4j.data.loading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.MixedImages;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.InvalidInputException;

/** However many threads prepare batches, they are the same, and so is what goes wrong. */
@Timeout(60)
final class LoaderThreadsTest {
  private static final int IMAGES = 34;
  private static final Draw DRAW = new Draw(3, 1);
  private static final ImageViews VIEWS =
      new ImageViews(
          Preprocessing.of(3, 6), Augmentation.NONE.withScale(6, 11).withFlip(true), DRAW);

  /** Images of which some take their time, and of which some cannot be read, the first slowly. */
  private record Faulty(ImageSource all, List<Integer> broken, boolean refused)
      implements ImageSource {
    @Override
    public String name() {
      return all.name();
    }

    @Override
    public List<String> classNames() {
      return all.classNames();
    }

    @Override
    public int size() {
      return all.size();
    }

    @Override
    public int label(int image) {
      return all.label(image);
    }

    @Override
    public ImageShape shape(int image) {
      return all.shape(image);
    }

    @Override
    public boolean knowsShapes() {
      return true;
    }

    @Override
    public void read(int image, ByteBuffer target, int offset) {
      if (image % 7 == 0) {
        LockSupport.parkNanos(1_000);
      }
      if (broken.indexOf(image) == 0) {
        LockSupport.parkNanos(5_000_000); // the others fail before
      }
      if (broken.contains(image)) {
        if (refused) {
          throw new InvalidInputException("picture " + image + " is torn");
        }
        throw new ArrayStoreException("torn");
      }
      all.read(image, target, offset);
    }
  }

  private static BatchLoader loader(ImageSource data, boolean pixels, int threads) {
    BatchContents contents =
        pixels ? new PixelContents(data, VIEWS) : new FloatContents(data, VIEWS);
    return new BatchLoader(
        data,
        contents,
        new BatchSchedule(data.size(), 5, 1),
        DRAW.permutation(data.size()),
        1,
        HostBuffer::direct,
        threads);
  }

  private static List<byte[]> batches(boolean pixels, int threads) {
    List<byte[]> all = new ArrayList<>();
    ImageSource data = new Faulty(new MixedImages(IMAGES), List.of(), false);
    try (BatchLoader loader = loader(data, pixels, threads)) {
      assertEquals(threads, loader.threads().size());
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        assertEquals(1 + all.size() / 3, batch.index());
        byte[] images = new byte[batch.bytes()];
        batch.images().bytes().get(0, images);
        all.add(images);
        byte[] labels = new byte[4 * batch.size()];
        batch.labels().bytes().get(0, labels);
        all.add(labels);
        byte[] table = new byte[pixels ? 64 * 5 : 0];
        if (pixels) {
          batch.table().bytes().get(0, table);
        }
        all.add(table);
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theBatchesAreTheSame(boolean pixels) {
    List<byte[]> expected = batches(pixels, 1);
    assertEquals(3 * 6, expected.size());
    for (int threads : new int[] {2, 3, 8, 34}) {
      for (int time = 0; time < 5; time++) {
        List<byte[]> actual = batches(pixels, threads);
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
          assertArrayEquals(expected.get(i), actual.get(i), threads + " threads, array " + i);
        }
      }
    }
  }

  /** Of several images that cannot be read, the first in the order is named, after its batch. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void theFirstFailureCounts(int threads) throws InterruptedException {
    int[] order = DRAW.permutation(IMAGES);
    List<Integer> broken = List.of(order[17], order[18], order[23]); // batch 3 and 4
    for (boolean refused : new boolean[] {false, true}) {
      for (int time = 0; time < 8; time++) {
        try (BatchLoader loader =
            loader(new Faulty(new MixedImages(IMAGES), broken, refused), false, threads)) {
          assertEquals(1, loader.next().index());
          assertEquals(2, loader.next().index());
          for (int again = 0; again < 2; again++) {
            RuntimeException failure = assertThrows(RuntimeException.class, loader::next);
            assertEquals(
                refused
                    ? "picture " + order[17] + " is torn"
                    : "image %d of mixed could not be prepared: %s"
                        .formatted(order[17], new ArrayStoreException("torn")),
                failure.getMessage());
          }
          for (Thread thread : loader.threads()) {
            thread.join(10_000);
            assertTrue(!thread.isAlive(), "a thread goes on");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void closingEndsAllThreads(int threads) {
    for (int taken = 0; taken < 4; taken++) {
      BatchLoader loader = loader(new MixedImages(IMAGES), false, threads);
      for (int i = 0; i < taken; i++) {
        assertNotNull(loader.next());
      }
      loader.close();
      assertTrue(loader.threads().stream().noneMatch(Thread::isAlive));
    }
  }
}
