package org.vgg4j.data.loading;

import java.nio.ByteBuffer;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.data.preprocessing.Preprocessing;

/**
 * Images that are preprocessed for the net: all of one size.
 *
 * @param data where they come from
 * @param views what the net sees of each
 */
record FloatContents(ImageSource data, ImageViews views) implements BatchContents {
  /** Checks that the net can take the images. */
  FloatContents {
    new PreprocessedImages(data, views);
  }

  @Override
  public double bytes(int count) {
    Preprocessing how = views.preprocessing();
    return (double) count * how.channels() * how.crop() * how.crop() * Float.BYTES;
  }

  @Override
  public int tableBytes(int count) {
    return 0;
  }

  @Override
  public int[] places(int[] images, ByteBuffer table) {
    int each = (int) bytes(1);
    int[] places = new int[images.length + 1];
    for (int i = 0; i <= images.length; i++) {
      places[i] = i * each;
    }
    return places;
  }

  @Override
  public Writer writer() {
    return new PreprocessedImages(data, views)::read;
  }
}
