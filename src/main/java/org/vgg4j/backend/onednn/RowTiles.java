package org.vgg4j.backend.onednn;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Takes rows of images in tiles of a few rows through a {@link RowTransform}, and back. Images are
 * planes of rows; of a tile's transformed rows the first stand together, then the second, and so
 * on: (image, place within the tile, plane, tile, row).
 */
final class RowTiles {
  private final Dnnl context;
  private final String operand;
  private final int planes;
  private final int height;
  private final int row;
  private final int step;
  private final int first;

  /**
   * Describes images.
   *
   * @param operand what they are, for a person
   * @param planes of an image
   * @param height rows of a plane
   * @param row floats of a row
   * @param step rows from one tile to the next
   * @param first the row that the first tile begins with, which may lie before the image: rows
   *     outside of it are zero
   */
  RowTiles(Dnnl context, String operand, int planes, int height, int row, int step, int first) {
    this.context = context;
    this.operand = operand;
    this.planes = planes;
    this.height = height;
    this.row = row;
    this.step = step;
    this.first = first;
  }

  /**
   * A part of each plane of some images.
   *
   * @param count how many images
   * @param begin the first tile
   * @param tiles how many tiles
   */
  record Part(int count, int begin, int tiles) {}

  /** Transforms tiles of images at an address to another. */
  void transform(RowTransform by, long images, Part part, long to) {
    run(
        by,
        part,
        (worker, plane, tile, tiles) -> {
          float[][] from = context.rows().from(worker);
          float[][] into = context.rows().to(worker);
          FloatPointer source = floats(images);
          FloatPointer target = floats(to);
          int kept = 0; // rows of the tile before that this one reads, too
          for (int t = tile; t < tile + tiles; t++) {
            for (int k = kept; k < by.rowsIn(); k++) {
              read(source, plane, (part.begin + t) * step + first + k, from[k]);
            }
            by.run(from, into, row);
            for (int k = 0; k < by.rowsOut(); k++) {
              target.position(place(part, by.rowsOut(), plane, k, t)).put(into[k], 0, row);
            }
            kept = Math.max(0, by.rowsIn() - step);
            for (int k = 0; k < kept; k++) {
              float[] next = from[k + step];
              from[k + step] = from[k];
              from[k] = next;
            }
          }
        });
  }

  private void read(FloatPointer images, long plane, int y, float[] into) {
    if (y < 0 || y >= height) {
      Arrays.fill(into, 0, row, 0);
    } else {
      images.position((plane * height + y) * row).get(into, 0, row);
    }
  }

  private long place(Part part, int rows, int plane, int k, int tile) {
    int image = plane / planes;
    return ((((long) image * rows + k) * planes + plane % planes) * part.tiles + tile) * row;
  }

  /**
   * Takes transformed tiles back to rows of images, dropping rows behind the last.
   *
   * @param add whether to add to what is there
   * @param relu whether to put 0 where a result is negative
   */
  void back(RowTransform by, long from, Part part, long images, boolean add, boolean relu) {
    run(
        by,
        part,
        (worker, plane, tile, tiles) -> {
          float[][] read = context.rows().from(worker);
          float[][] into = context.rows().to(worker);
          FloatPointer source = floats(from);
          FloatPointer target = floats(images);
          for (int t = tile; t < tile + tiles; t++) {
            for (int k = 0; k < by.rowsIn(); k++) {
              source.position(place(part, by.rowsIn(), plane, k, t)).get(read[k], 0, row);
            }
            by.run(read, into, row);
            int y = (part.begin + t) * step;
            for (int k = 0; k < Math.min(by.rowsOut(), height - y); k++) {
              if (relu) {
                relu(into[k], row);
              }
              target.position(((long) plane * height + y + k) * row);
              if (add) {
                target.get(read[0], 0, row);
                add(into[k], read[0], row);
              }
              target.put(into[k], 0, row);
            }
          }
        });
  }

  private static void relu(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      values[i] = Math.max(values[i], 0);
    }
  }

  private static void add(float[] sums, float[] addends, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += addends[i];
    }
  }

  /** Works on some tiles of a plane, one below the other; planes count through all images. */
  private interface Strip {
    void run(int worker, int plane, int tile, int tiles);
  }

  private void run(RowTransform by, Part part, Strip strip) {
    long begun = context.begin();
    context.rows().reserve(row);
    long all = (long) part.count * planes * part.tiles;
    context
        .workers()
        .run(
            all,
            1,
            (worker, begin, end) -> {
              for (long at = begin; at < end; ) {
                int tile = (int) (at % part.tiles);
                int tiles = (int) Math.min(part.tiles - tile, end - at);
                strip.run(worker, (int) (at / part.tiles), tile, tiles);
                at += tiles;
              }
            });
    long rows = all * (by.rowsIn() + by.rowsOut());
    context.end(Cost.loop("transform of " + operand, rows * row * Float.BYTES), begun);
  }

  private static FloatPointer floats(long address) {
    return new FloatPointer(new NativeMemory.Address(address));
  }
}
