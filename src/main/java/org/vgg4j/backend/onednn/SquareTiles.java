package org.vgg4j.backend.onednn;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Takes square tiles of images through a {@link RowTransform} down the columns and then along the
 * rows, and back. Images are planes of rows of pixels, each of which is some floats; transformed
 * values are (row and column within the tile, plane, image, row of tiles, tile of the row, pixel).
 *
 * <p>What is at the same place of each tile of a row stands together while it is worked on, a lane,
 * so that the loops along the rows are as long as those down the columns.
 */
final class SquareTiles implements Tiles {
  private final Dnnl context;
  private final String operand;
  private final int planes;
  private final int height;
  private final int width;
  private final int pixel;
  private final int step;
  private final int first;
  private final int tilesOfRow;

  /**
   * Describes images.
   *
   * @param operand what they are, for a person
   */
  SquareTiles(Dnnl context, String operand, Planes images) {
    this.context = context;
    this.operand = operand;
    planes = images.count();
    height = images.height();
    width = images.width();
    pixel = images.pixel();
    step = images.step();
    first = images.first();
    tilesOfRow = images.columns();
  }

  @Override
  public void transform(RowTransform by, long images, Part part, long to) {
    run(by, part, images, to, by.rowsIn() > step ? 1 : 0, Strip::transform);
  }

  @Override
  public void back(RowTransform by, long from, Part part, long images, boolean add, boolean relu) {
    run(by, part, images, from, 0, strip -> strip.back(add, relu));
  }

  /** Runs strips over all planes, which count through all images. */
  private void run(
      RowTransform by, Part part, long images, long transformed, int halo, Consumer<Strip> work) {
    long begun = context.begin();
    int planesInAll = part.count() * planes;
    int mostTiles = LaneBuffers.LENGTH / pixel;
    int tilesAtOnce = Math.min(tilesOfRow, mostTiles - halo);
    int planesAtOnce = planesAtOnce(part, mostTiles / (tilesOfRow + halo));
    long values = (long) planesInAll * part.tiles() * tilesOfRow * pixel;
    int points = Math.max(by.rowsIn(), by.rowsOut());
    context
        .workers()
        .run(
            (long) quotient(planesInAll, planesAtOnce) * part.tiles(),
            1,
            (worker, begin, end) -> {
              Strip strip =
                  new Strip(
                      by,
                      part,
                      halo,
                      context.lanes().of(worker),
                      new FloatWindow(images, (long) planesInAll * height * width * pixel),
                      new FloatWindow(transformed, values * points * points));
              for (long at = begin; at < end; ) {
                strip.tile = (int) (at % part.tiles());
                strip.tiles = (int) Math.min(part.tiles() - strip.tile, end - at);
                strip.plane = (int) (at / part.tiles()) * planesAtOnce;
                strip.planesHere = Math.min(planesAtOnce, planesInAll - strip.plane);
                for (int column = 0; column < tilesOfRow; column += tilesAtOnce) {
                  strip.column = column;
                  strip.columns = Math.min(tilesAtOnce, tilesOfRow - column);
                  work.accept(strip);
                }
                at += strip.tiles;
              }
            });
    int read = halo > 0 ? step : by.rowsIn(); // the others are those of the tiles before
    int moved = read * read + by.rowsOut() * by.rowsOut();
    context.end(Cost.loop("transform of " + operand, moved * values * Float.BYTES), begun);
  }

  /** Returns how many planes are worked on at once: long lanes, but work for every thread. */
  private int planesAtOnce(Part part, int fitting) {
    int planesInAll = part.count() * planes;
    int fair = planesInAll * part.tiles() / (2 * context.workers().count());
    int most = Math.max(1, Math.min(planesInAll, Math.min(fitting, fair)));
    return quotient(planesInAll, quotient(planesInAll, most));
  }

  /** Returns the quotient, rounded up. */
  private static int quotient(int dividend, int divisor) {
    return (dividend + divisor - 1) / divisor;
  }

  /** Some tiles of some rows of tiles of some planes, on which a worker is. */
  private final class Strip {
    private final RowTransform by;
    private final Part part;
    private final int halo; // tiles behind the last whose first columns are read
    private final LaneBuffers.Set lanes;
    private final FloatWindow images;
    private final FloatWindow transformed;
    private int plane;
    private int planesHere;
    private int tile;
    private int tiles;
    private int column;
    private int columns;

    Strip(
        RowTransform by,
        Part part,
        int halo,
        LaneBuffers.Set lanes,
        FloatWindow images,
        FloatWindow transformed) {
      this.by = by;
      this.part = part;
      this.halo = halo;
      this.lanes = lanes;
      this.images = images;
      this.transformed = transformed;
    }

    /** Returns the floats of a plane's lane. */
    private int length() {
      return (columns + halo) * pixel;
    }

    void transform() {
      int kept = 0; // rows of the tiles before that these read, too
      for (int t = tile; t < tile + tiles; t++) {
        for (int k = kept; k < by.rowsIn(); k++) {
          read((part.begin() + t) * step + first + k, k);
        }
        for (int lane = 0; lane < step; lane++) {
          by.run(lanes.rows[lane], lanes.points[lane], planesHere * length());
        }
        for (int k = 0; k < by.rowsOut(); k++) {
          alongRow(k);
          for (int l = 0; l < by.rowsOut(); l++) {
            for (int i = 0; i < planesHere; i++) {
              long at = place(plane + i, k * by.rowsOut() + l, t);
              transformed.put(at, lanes.values[l], i * length(), columns * pixel);
            }
          }
        }
        kept = Math.max(0, by.rowsIn() - step);
        for (float[][] rows : lanes.rows) {
          FloatRows.keep(rows, kept, step);
        }
      }
    }

    /** Reads a row of each plane into the lanes. */
    private void read(int y, int k) {
      if (y < 0 || y >= height) {
        for (int lane = 0; lane < step; lane++) {
          Arrays.fill(lanes.rows[lane][k], 0, planesHere * length(), 0);
        }
        return;
      }
      int begin = column * step + first;
      int end = begin + (columns + halo) * step;
      int from = Math.max(0, begin);
      int to = Math.min(width, end);
      Arrays.fill(lanes.row, 0, (from - begin) * pixel, 0);
      Arrays.fill(lanes.row, (to - begin) * pixel, (end - begin) * pixel, 0);
      for (int i = 0; i < planesHere; i++) {
        long at = (((long) (plane + i) * height + y) * width + from) * pixel;
        images.get(at, lanes.row, (from - begin) * pixel, (to - from) * pixel);
        int source = 0;
        for (int into = i * length(); into < (i + 1) * length(); into += pixel) {
          for (int lane = 0; lane < step; lane++) {
            System.arraycopy(lanes.row, source, lanes.rows[lane][k], into, pixel);
            source += pixel;
          }
        }
      }
    }

    /** Transforms along a row of the tiles. */
    private void alongRow(int k) {
      int count = planesHere * length() - halo * pixel; // behind it a next tile is wanting
      for (int j = 0; j < by.rowsIn(); j++) {
        if (j < step) {
          lanes.line[j] = lanes.points[j][k];
        } else {
          lanes.line[j] = lanes.next[j - step];
          System.arraycopy(lanes.points[j - step][k], pixel, lanes.line[j], 0, count);
        }
      }
      by.run(lanes.line, lanes.values, count);
    }

    void back(boolean add, boolean relu) {
      int count = planesHere * length();
      for (int t = tile; t < tile + tiles; t++) {
        for (int k = 0; k < by.rowsIn(); k++) {
          for (int l = 0; l < by.rowsIn(); l++) {
            for (int i = 0; i < planesHere; i++) {
              long at = place(plane + i, k * by.rowsIn() + l, t);
              transformed.get(at, lanes.values[l], i * length(), length());
            }
          }
          for (int lane = 0; lane < step; lane++) {
            lanes.line[lane] = lanes.points[lane][k];
          }
          by.run(lanes.values, lanes.line, count);
        }
        for (int lane = 0; lane < step; lane++) {
          by.run(lanes.points[lane], lanes.rows[lane], count);
        }
        int y = (part.begin() + t) * step;
        for (int k = 0; k < Math.min(step, height - y); k++) {
          write(y + k, k, add, relu);
        }
      }
    }

    /** Writes a row of each plane. */
    private void write(int y, int k, boolean add, boolean relu) {
      int begin = column * step;
      int count = Math.min(width - begin, columns * step) * pixel;
      for (int i = 0; i < planesHere; i++) {
        int to = 0;
        for (int from = i * length(); from < (i + 1) * length(); from += pixel) {
          for (int lane = 0; lane < step; lane++) {
            System.arraycopy(lanes.rows[lane][k], from, lanes.row, to, pixel);
            to += pixel;
          }
        }
        if (relu) {
          FloatRows.relu(lanes.row, count);
        }
        long at = (((long) (plane + i) * height + y) * width + begin) * pixel;
        if (add) {
          images.get(at, lanes.addends, 0, count);
          FloatRows.add(lanes.row, lanes.addends, count);
        }
        images.put(at, lanes.row, 0, count);
      }
    }

    private long place(int at, int point, int t) {
      int image = at / planes;
      int ownPlane = at % planes;
      long row = ((long) point * planes + ownPlane) * part.count() + image;
      return ((row * part.tiles() + t) * tilesOfRow + column) * pixel;
    }
  }
}
