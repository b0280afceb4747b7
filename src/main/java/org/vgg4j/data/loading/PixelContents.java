package org.vgg4j.data.loading;

import java.nio.ByteBuffer;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.tensor.ImageRow;

/**
 * Images as they are, for an engine that preprocesses them, each with a row that says how.
 *
 * @param data where they come from; their shapes must be known
 * @param views what the net sees of each
 */
record PixelContents(ImageSource data, ImageViews views) implements BatchContents {
  @Override
  public double bytes(int count) {
    return data.mostBytes(count);
  }

  @Override
  public int tableBytes(int count) {
    return Math.multiplyExact(count, ImageRow.BYTES);
  }

  @Override
  public int[] places(int[] images, ByteBuffer table) {
    int[] places = new int[images.length + 1];
    for (int i = 0; i < images.length; i++) {
      int image = images[i];
      ImageShape shape = data.shape(image);
      PreprocessedImages.requireChannels(data, image, shape, views.preprocessing());
      views
          .of(image, shape)
          .row(places[i], data.label(image), shape)
          .write(table, i * ImageRow.BYTES);
      places[i + 1] = places[i] + shape.bytes();
    }
    repeatLast(images.length, table);
    return places;
  }

  /** Rows that have no image must be ones that the engine can use. */
  private static void repeatLast(int images, ByteBuffer table) {
    ByteBuffer last = table.slice((images - 1) * ImageRow.BYTES, ImageRow.BYTES);
    for (int at = images * ImageRow.BYTES; at < table.capacity(); at += ImageRow.BYTES) {
      table.put(at, last, 0, ImageRow.BYTES);
    }
  }

  @Override
  public Writer writer() {
    return data::read;
  }
}
