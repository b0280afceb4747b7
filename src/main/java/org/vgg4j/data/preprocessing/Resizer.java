package org.vgg4j.data.preprocessing;

import java.nio.FloatBuffer;
import org.vgg4j.data.ImageShape;

/** Makes a view of the channels of images of one size: floats from bytes. */
public interface Resizer {
  /**
   * Resizes one channel.
   *
   * @param pixels holds the channel (H, W), unsigned, from {@code from} on
   * @param target receives (rows, columns) of the view from {@code into} on
   * @param levels what is done to the values in [0, 1]
   */
  void resize(byte[] pixels, int from, FloatBuffer target, int into, Levels levels);

  /** Returns the resizer that a preprocessing wants for images of a size: of their centre. */
  static Resizer of(Preprocessing how, int height, int width) {
    ImageShape shape = new ImageShape(1, height, width);
    return of(how.filter(), shape, ImageView.centre(how, shape));
  }

  /** Returns the resizer for a view of images of a size. */
  static Resizer of(ResizeFilter filter, ImageShape shape, ImageView view) {
    return switch (filter) {
      case BILINEAR -> new BilinearResize(shape.height(), shape.width(), view);
      case ANTIALIASED -> new AntialiasedResize(shape.height(), shape.width(), view);
    };
  }
}
