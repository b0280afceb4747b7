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
  private final Preprocessing preprocessing;
  private ByteBuffer pixels = ByteBuffer.allocate(0); // of one image
  private ImageShape shape; // of the previous image
  private Resizer resizer; // of images of that shape

  /** Checks that a net can take the images, if their common shape is known. */
  public PreprocessedImages(ImageSource source, Preprocessing preprocessing) {
    this.source = source;
    this.preprocessing = preprocessing;
    if (source.commonShape() != null) {
      prepare(source.commonShape());
    }
  }

  private void prepare(ImageShape next) {
    if (next.channels() != preprocessing.channels() && next.channels() != 1) {
      throw new InvalidInputException(
          "a net of %d channels cannot take %s with %d"
              .formatted(preprocessing.channels(), source.name(), next.channels()));
    }
    if (pixels.capacity() < next.bytes()) {
      pixels = ByteBuffer.allocate(next.bytes());
    }
    resizer = Resizer.of(preprocessing, next.height(), next.width());
    shape = next;
  }

  /** Writes an image to {@code target} at {@code offset}: (C, S, S), F32 in native order. */
  public void read(int image, ByteBuffer target, int offset) {
    ImageShape next = source.shape(image);
    if (!next.equals(shape)) {
      prepare(next);
    }
    source.read(image, pixels, 0);
    int plane = preprocessing.crop() * preprocessing.crop();
    int bytes = preprocessing.channels() * plane * Float.BYTES;
    FloatBuffer x = target.slice(offset, bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
    for (int c = 0; c < preprocessing.channels(); c++) {
      int from = shape.channels() == 1 ? 0 : c * shape.height() * shape.width();
      float mean = preprocessing.mean().get(c).floatValue();
      float deviation = preprocessing.deviation().get(c).floatValue();
      resizer.resize(pixels.array(), from, x, c * plane, mean, deviation);
    }
  }
}
