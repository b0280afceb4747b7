package org.vgg4j.backend.onednn;

import java.util.Arrays;

/**
 * Takes rows of images in tiles of a few rows through a {@link RowTransform}, and back. Images are
 * planes of rows; of a tile's transformed rows the first stand together, then the second, and so
 * on: (image, place within the tile, plane, tile, row).
 */
final class RowTiles implements Tiles {
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

  @Override
  public void transform(RowTransform by, long images, Part part, long to) {
    run(
        by,
        Math.min(by.rowsIn(), step),
        part,
        images,
        to,
        (rows, plane, tile, tiles, column, count) -> {
          int kept = 0; // rows of the tile before that this one reads, too
          for (int t = tile; t < tile + tiles; t++) {
            for (int k = kept; k < by.rowsIn(); k++) {
              int y = (part.begin() + t) * step + first + k;
              if (y < 0 || y >= height) {
                Arrays.fill(rows.from[k], 0, count, 0);
              } else {
                rows.images.get(((long) plane * height + y) * row + column, rows.from[k], 0, count);
              }
            }
            by.run(rows.from, rows.to, count);
            for (int k = 0; k < by.rowsOut(); k++) {
              long at = place(part, by.rowsOut(), plane, k, t) + column;
              rows.tiles.put(at, rows.to[k], 0, count);
            }
            kept = Math.max(0, by.rowsIn() - step);
            FloatRows.keep(rows.from, kept, step);
          }
        });
  }

  private long place(Part part, int rows, int plane, int k, int tile) {
    int image = plane / planes;
    return ((((long) image * rows + k) * planes + plane % planes) * part.tiles() + tile) * row;
  }

  @Override
  public void back(RowTransform by, long from, Part part, long images, boolean add, boolean relu) {
    run(
        by,
        by.rowsIn(),
        part,
        images,
        from,
        (rows, plane, tile, tiles, column, count) -> {
          for (int t = tile; t < tile + tiles; t++) {
            for (int k = 0; k < by.rowsIn(); k++) {
              long at = place(part, by.rowsIn(), plane, k, t) + column;
              rows.tiles.get(at, rows.from[k], 0, count);
            }
            by.run(rows.from, rows.to, count);
            int y = (part.begin() + t) * step;
            for (int k = 0; k < Math.min(by.rowsOut(), height - y); k++) {
              if (relu) {
                FloatRows.relu(rows.to[k], count);
              }
              long at = ((long) plane * height + y + k) * row + column;
              if (add) {
                rows.images.get(at, rows.from[0], 0, count);
                FloatRows.add(rows.to[k], rows.from[0], count);
              }
              rows.images.put(at, rows.to[k], 0, count);
            }
          }
        });
  }

  /** What one worker reads and writes. */
  private record Rows(float[][] from, float[][] to, FloatWindow images, FloatWindow tiles) {}

  /** Works on some columns of some tiles of a plane, one below the other. */
  private interface Strip {
    void run(Rows rows, int plane, int tile, int tiles, int column, int count);
  }

  /**
   * Runs strips over all planes, which count through all images.
   *
   * @param read how many rows of a tile are read that the tile before did not read
   */
  private void run(
      RowTransform by, int read, Part part, long images, long transformed, Strip strip) {
    long begun = context.begin();
    long planesInAll = (long) part.count() * planes;
    long all = planesInAll * part.tiles();
    int rowsOfTile = Math.max(by.rowsIn(), by.rowsOut());
    context
        .workers()
        .run(
            all,
            1,
            (worker, begin, end) -> {
              RowBuffers buffers = context.rows();
              Rows rows =
                  new Rows(
                      buffers.from(worker),
                      buffers.to(worker),
                      new FloatWindow(images, planesInAll * height * row),
                      new FloatWindow(transformed, all * rowsOfTile * row));
              for (long at = begin; at < end; ) {
                int tile = (int) (at % part.tiles());
                int tiles = (int) Math.min(part.tiles() - tile, end - at);
                for (int column = 0; column < row; column += RowBuffers.LENGTH) {
                  int count = Math.min(RowBuffers.LENGTH, row - column);
                  strip.run(rows, (int) (at / part.tiles()), tile, tiles, column, count);
                }
                at += tiles;
              }
            });
    long rows = all * (read + by.rowsOut());
    context.end(Cost.loop("transform of " + operand, rows * row * Float.BYTES), begun);
  }
}
