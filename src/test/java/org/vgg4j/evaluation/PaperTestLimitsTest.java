package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vgg4j.evaluation.PaperTestTest.CONFIG;
import static org.vgg4j.evaluation.PaperTestTest.HOW;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.MixedImages;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.TinyNets;

/** Where memory is short, pictures are too large or cannot be read. */
final class PaperTestLimitsTest {
  private static final TestOptions DENSE = new TestOptions(List.of(12), true, false, false);

  private final Backend backend = Backends.open("reference").backend();

  /** Eight pictures: seven of one shape, and the one with number 3, which is called odd.jpg. */
  private record Pictures(ImageShape odd, boolean isBroken) implements ImageSource {
    private static final MixedImages OTHERS = new MixedImages(8);

    @Override
    public String name() {
      return "a set";
    }

    @Override
    public List<String> classNames() {
      return OTHERS.classNames();
    }

    @Override
    public String imageName(int image) {
      return image == 3 ? "odd.jpg" : null;
    }

    @Override
    public int size() {
      return 8;
    }

    @Override
    public int label(int image) {
      return image;
    }

    @Override
    public ImageShape shape(int image) {
      return image == 3 ? odd : new ImageShape(3, 6, 6);
    }

    @Override
    public void read(int image, ByteBuffer target, int offset) {
      if (isBroken && image == 3) {
        throw new InvalidInputException("odd.jpg is damaged");
      }
      for (int i = 0; i < shape(image).bytes(); i++) {
        target.put(offset + i, (byte) (i * (image + 7)));
      }
    }
  }

  @AfterEach
  void nothingGoesOn() throws InterruptedException {
    backend.close();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals(WholePictures.THREADS)) {
        thread.join(10_000); // its last task is done, and it may be about to end
        assertFalse(thread.isAlive(), "a thread goes on");
      }
    }
  }

  private Posteriors run(ImageSource data, TestOptions options, long room) {
    NetworkOptions net = NetworkOptions.inference(8).withShapeBytes(room);
    try (Vgg vgg = TinyNets.random(CONFIG, net, backend)) {
      return PaperTest.run(vgg, HOW, data, options, TestProgress.NONE, () -> false);
    }
  }

  private static String refused(Runnable action) {
    return assertThrows(InvalidInputException.class, action::run).getMessage();
  }

  /** Whatever fits is shown at once; the results do not depend on it. */
  @Test
  void shortMemoryMakesBatchesSmaller() {
    ImageSource data = new Pictures(new ImageShape(3, 6, 6), false);
    Posteriors expected = run(data, DENSE, 1 << 24);
    int fitted = 0;
    int tooSmall = 0;
    for (long room = 1 << 13; room <= 1 << 19; room += room / 2) {
      try {
        Posteriors actual = run(data, DENSE, room);
        for (int i = 0; i < 8; i++) {
          assertArrayEquals(expected.row(i), actual.row(i), 1e-15, room + " bytes");
        }
        fitted++;
      } catch (InvalidInputException e) {
        assertEquals(0, fitted, "what fits into less fits into more");
        tooSmall++;
      }
    }
    assertTrue(fitted >= 4 && tooSmall >= 2, fitted + " and " + tooSmall);
  }

  @Test
  void aPictureThatNeedsTooMuchIsNamed() {
    ImageSource data = new Pictures(new ImageShape(3, 4, 400), false);
    assertEquals(8, run(data, DENSE, 1 << 24).images());
    String message = refused(() -> run(data, DENSE, 1 << 19));
    assertTrue(
        message.startsWith(
            "image 3 of a set, odd.jpg has 1200 x 12 pixels at scale 12: not enough"),
        message);
    assertTrue(message.endsWith("take a smaller scale, or crops"), message);
    TestOptions crops = new TestOptions(List.of(12), false, true, false);
    assertEquals(8, run(data, crops, 1 << 19).images());
  }

  @Test
  void aPictureBeyondAnArrayIsNamed() {
    ImageSource data = new Pictures(new ImageShape(3, 1, 700_000_000), false);
    assertEquals(
        "image 3 of a set, odd.jpg: a picture resized to 8400000000 x 12 pixels is too large",
        refused(() -> run(data, DENSE, 1 << 24)));
  }

  @Test
  void aPictureThatDoesNotFitTheHeapIsNamed() {
    long room = Runtime.getRuntime().maxMemory() / 8;
    Assumptions.assumeTrue(room < 1L << 30, "an array ends before this heap does");
    long each = 3 * 12 * 2 * Float.BYTES; // the bytes of a column of 6 rows at scale 12
    int width = (int) (room / each + 7);
    ImageSource data = new Pictures(new ImageShape(3, 6, width), false);
    String message = refused(() -> run(data, DENSE, 1 << 24));
    String start =
        "image 3 of a set, odd.jpg has %d x 12 pixels at scale 12, too".formatted(2 * width);
    assertTrue(message.startsWith(start), message);
    assertTrue(message.endsWith("take a smaller scale, or a larger heap (-Xmx)"), message);
  }

  @Test
  void whatCannotBeReadIsNamed() {
    ImageSource data = new Pictures(new ImageShape(3, 9, 6), true);
    assertEquals("odd.jpg is damaged", refused(() -> run(data, DENSE, 1 << 24)));
    ImageSource two = new Pictures(new ImageShape(2, 9, 6), false);
    String message = refused(() -> run(two, DENSE, 1 << 24));
    assertEquals("a net of 3 channels cannot take image 3 of a set with 2", message);
  }

  @Test
  void whatDoesNotFitTheNetIsRefusedFirst() {
    ImageSource data = new Pictures(new ImageShape(3, 6, 6), true); // not read
    TestOptions small = new TestOptions(List.of(12, 7), true, false, false);
    assertTrue(refused(() -> run(data, small, 1 << 24)).contains("image size, 8, not 7"));
    try (Vgg vgg = TinyNets.random(CONFIG, NetworkOptions.inference(8), backend)) {
      Preprocessing other = Preprocessing.of(3, 16);
      String message =
          refused(() -> PaperTest.run(vgg, other, data, DENSE, TestProgress.NONE, () -> false));
      assertTrue(message.contains("does not fit a net for 3x8x8"), message);
      message =
          refused(
              () ->
                  PaperTest.run(
                      vgg, HOW, TinyNets.noise(3, 4), DENSE, TestProgress.NONE, () -> false));
      assertTrue(message.startsWith("classes must be 4"), message);
    }
  }
}
