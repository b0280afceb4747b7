package org.vgg4j.testing;

import java.nio.ByteBuffer;
import org.vgg4j.data.ImageSource;

/** Single images of a source. */
public final class Images {
  private Images() {}

  /** Returns the bytes of an image: (C, H, W). */
  public static byte[] bytes(ImageSource source, int image) {
    ByteBuffer bytes = ByteBuffer.allocate(source.shape(image).bytes());
    source.read(image, bytes, 0);
    return bytes.array();
  }
}
