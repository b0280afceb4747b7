package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;

/** A picture that shows what was done to it: red tells the column, green the row, blue is even. */
final class AugmentedPictureTest {
  private static final int HEIGHT = 40;
  private static final int WIDTH = 60;
  private static final int SIDE = 16;

  private static ImageSource picture() {
    byte[] bytes = new byte[3 * HEIGHT * WIDTH];
    int plane = HEIGHT * WIDTH;
    for (int i = 0; i < plane; i++) {
      bytes[i] = (byte) (4 * (i % WIDTH));
      bytes[plane + i] = (byte) (4 * (i / WIDTH));
      bytes[2 * plane + i] = (byte) 153;
    }
    return new InMemoryImages(
        "ramps", new ImageShape(3, HEIGHT, WIDTH), List.of("a"), bytes, new int[1]);
  }

  @ParameterizedTest
  @EnumSource(ResizeFilter.class)
  void placeSizeFlipAndShiftAreSeen(ResizeFilter filter) {
    Preprocessing how =
        Preprocessing.of(3, SIDE).withResize(20).withFit(PictureFit.SHORTER).withFilter(filter);
    Augmentation augmentation =
        Augmentation.NONE
            .withScale(20, 40)
            .withFlip(true)
            .withColorShift(0.5)
            .withStatistics(
                ImageStatistics.of(
                    1, new double[3], new double[][] {{0, 0, 0}, {0, 0, 0}, {0, 0, 1}}));
    ImageSource data = picture();
    Set<Boolean> flips = new HashSet<>();
    for (int epoch = 1; epoch <= 30; epoch++) {
      Draw draw = new Draw(1, epoch);
      ImageViews views = new ImageViews(how, augmentation, draw);
      ByteBuffer x =
          ByteBuffer.allocate(3 * SIDE * SIDE * Float.BYTES).order(ByteOrder.nativeOrder());
      new PreprocessedImages(data, views).read(0, x, 0);
      ImageView view = views.of(0, data.shape(0));
      ResizeWindow window = view.window();
      flips.add(view.flipped());
      double by = (double) WIDTH / window.width(); // pixels of the picture to one of the net's
      assertEquals(1.5, (double) window.width() / window.height(), 0.05);
      for (int i = 0; i < SIDE * SIDE; i++) {
        int column = view.flipped() ? SIDE - 1 - i % SIDE : i % SIDE;
        double left = Math.min(WIDTH - 1, (window.left() + column + 0.5) * by - 0.5);
        double top = Math.min(HEIGHT - 1, (window.top() + i / SIDE + 0.5) * by - 0.5);
        // Levels of rounding; at the edges the mean leans inwards by less than a pixel, 4 levels.
        double red = 255 * x.getFloat(i * Float.BYTES);
        double green = 255 * x.getFloat((SIDE * SIDE + i) * Float.BYTES);
        assertEquals(4 * left, red, 3.5, "column of pixel " + i + " in epoch " + epoch);
        assertEquals(4 * top, green, 3.5, "row of pixel " + i + " in epoch " + epoch);
        assertEquals(0.6 + view.shift(2), x.getFloat((2 * SIDE * SIDE + i) * Float.BYTES), 1e-6);
      }
    }
    assertEquals(2, flips.size());
  }
}
