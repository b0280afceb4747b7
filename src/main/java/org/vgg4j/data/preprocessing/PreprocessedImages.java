package org.vgg4j.data.preprocessing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.InvalidInputException;

/** The preprocessed images of a source; not thread-safe. */
public final class PreprocessedImages {
  private final ImageSource source;
  private final ImageViews views;
  private ByteBuffer pixels = ByteBuffer.allocate(0); // of one image
  private ImageShape shape; // of the previous image
  private ImageView view; // of the previous image
  private Resizer resizer; // of that view of images of that shape

  /** Checks that a net can take the images, if their common shape is known. */
  public PreprocessedImages(ImageSource source, ImageViews views) {
    this.source = source;
    this.views = views;
    if (source.commonShape() != null) {
      requireChannels(source.name(), source.commonShape(), views.preprocessing());
    }
  }

  private static void requireChannels(String what, ImageShape shape, Preprocessing how) {
    if (shape.channels() != how.channels() && shape.channels() != 1) {
      throw new InvalidInputException(
          "a net of %d channels cannot take %s with %d"
              .formatted(how.channels(), what, shape.channels()));
    }
  }

  /**
   * Checks that a net can take an image.
   *
   * @throws InvalidInputException when it has neither one channel nor the net's
   */
  public static void requireChannels(
      ImageSource source, int image, ImageShape shape, Preprocessing how) {
    requireChannels("image %d of %s".formatted(image, source.name()), shape, how);
  }

  private void prepare(int image, ImageShape next, ImageView seen) {
    if (!next.equals(shape)) {
      requireChannels(source, image, next, views.preprocessing());
      if (pixels.capacity() < next.bytes()) {
        pixels = ByteBuffer.allocate(next.bytes());
      }
    }
    if (!next.equals(shape) || !seen.takesThoseOf(view)) {
      resizer = Resizer.of(views.preprocessing().filter(), next, seen);
    }
    shape = next;
    view = seen;
  }

  /** Writes an image to {@code target} at {@code offset}: (C, S, S), F32 in native order. */
  public void read(int image, ByteBuffer target, int offset) {
    ImageShape next = source.shape(image);
    Preprocessing how = views.preprocessing();
    int bytes = how.channels() * how.crop() * how.crop() * Float.BYTES;
    FloatBuffer x = target.slice(offset, bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
    read(image, next, views.of(image, next), x, 0);
  }

  /**
   * Writes a view of an image to {@code x} from {@code into} on: (C, rows, columns).
   *
   * @param next the image's shape
   */
  public void read(int image, ImageShape next, ImageView seen, FloatBuffer x, int into) {
    prepare(image, next, seen);
    source.read(image, pixels, 0);
    Preprocessing how = views.preprocessing();
    int plane = seen.window().rows() * seen.window().columns();
    for (int c = 0; c < how.channels(); c++) {
      int from = shape.channels() == 1 ? 0 : c * shape.height() * shape.width();
      Levels levels =
          new Levels(
              view.shift(c), how.mean().get(c).floatValue(), how.deviation().get(c).floatValue());
      resizer.resize(pixels.array(), from, x, into + c * plane, levels);
    }
  }
}
