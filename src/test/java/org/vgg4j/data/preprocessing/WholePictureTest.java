package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.MixedImages;
import org.vgg4j.tensor.InvalidInputException;

/** A whole picture has the values of every square of it, bit for bit. */
final class WholePictureTest {
  private static final int SIDE = 5;
  private static final MixedImages PICTURES = new MixedImages(12);

  static Stream<Preprocessing> all() {
    Preprocessing usual =
        Preprocessing.ofPictures(3, SIDE)
            .withNormalization(List.of(0.4, 0.5, 0.6), List.of(0.25, 0.3, 0.2));
    return Stream.of(
        usual,
        usual.withFilter(ResizeFilter.BILINEAR),
        usual.withFit(PictureFit.SQUARE),
        usual.withFit(PictureFit.SQUARE).withFilter(ResizeFilter.BILINEAR));
  }

  @ParameterizedTest
  @MethodSource("all")
  void itsSquaresAreThoseThatANetSees(Preprocessing how) {
    PreprocessedImages reader = new PreprocessedImages(PICTURES, ImageViews.of(how));
    for (int scale = SIDE; scale < SIDE + 4; scale++) {
      for (int image = 0; image < PICTURES.size(); image++) {
        ImageShape shape = PICTURES.shape(image);
        ResizeWindow window = ImageView.whole(how, scale, shape).window();
        int height = window.rows();
        int width = window.columns();
        assertEquals(scale, Math.min(height, width));
        int shorter = Math.min(shape.height(), shape.width());
        assertEquals(
            how.fit() == PictureFit.SQUARE ? scale : scale * shape.width() / shorter, width);
        float[] whole = new float[3 * height * width];
        reader.read(image, shape, ImageView.whole(how, scale, shape), FloatBuffer.wrap(whole), 0);
        for (boolean flipped : new boolean[] {false, true}) {
          int top = height - SIDE;
          int left = (width - SIDE) / 2;
          ResizeWindow square =
              ResizeWindow.resized(how, scale, shape.height(), shape.width()).at(top, left);
          float[] seen = new float[3 * SIDE * SIDE];
          ImageView view = new ImageView(square, flipped, List.of());
          reader.read(image, shape, view, FloatBuffer.wrap(seen), 0);
          for (int i = 0; i < seen.length; i++) {
            int column = flipped ? SIDE - 1 - i % SIDE : i % SIDE;
            int row = i / (SIDE * SIDE) * height + top + i / SIDE % SIDE;
            assertEquals(whole[row * width + left + column], seen[i], image + " at " + scale);
          }
        }
      }
    }
  }

  @Test
  void oneThatIsTooLargeIsRefused() {
    Preprocessing how = Preprocessing.ofPictures(1, SIDE);
    ImageShape shape = new ImageShape(1, 1, 200_000_000);
    String message =
        assertThrows(InvalidInputException.class, () -> ImageView.whole(how, SIDE, shape))
            .getMessage();
    assertTrue(message.contains("resized to 1000000000 x 5 pixels is too large"), message);
  }
}
