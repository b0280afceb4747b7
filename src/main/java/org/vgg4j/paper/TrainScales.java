package org.vgg4j.paper;

import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The sizes in pixels that stand for the paper's in a study of nets for other squares.
 *
 * @param side of the net's squares, the paper's 224
 * @param small the fixed size that stands for 256
 * @param large the fixed size that stands for 384
 * @param from the smallest size of those that stand for 256 to 512
 * @param to the largest
 */
public record TrainScales(int side, int small, int large, int from, int to) {
  private static final int PAPERS_SIDE = 224;

  /** How far the paper's other two test sizes are from a fixed training size. */
  private static final int PAPERS_STEP = 32;

  /** Checks that the net's squares fit into every size. */
  public TrainScales {
    if (!(side <= small && small <= large && side <= from && from <= to)) {
      throw InvalidInputException.of(
          "trainScales",
          "must be two sizes and a range, such as 256,384,256..512, none below the image size %d"
                  .formatted(side)
              + ", not %d,%d,%d..%d".formatted(small, large, from, to));
    }
  }

  /** Returns the paper's own, in proportion to the net's squares. */
  public static TrainScales of(int side) {
    return new TrainScales(
        side, scaled(256, side), scaled(384, side), scaled(256, side), scaled(512, side));
  }

  /**
   * Reads two sizes and a range.
   *
   * @param text such as 256,384,256..512
   * @throws InvalidInputException when it is something else, or a size is below {@code side}
   */
  public static TrainScales parse(String text, int side) {
    String[] parts = text.split(",", -1);
    if (parts.length != 3) {
      throw InvalidInputException.of(
          "trainScales", "must be two sizes and a range, such as 256,384,256..512, not " + text);
    }
    List<Augmentation> read =
        Stream.of(parts).map(part -> Augmentation.NONE.withScale(part.strip())).toList();
    for (int i = 0; i < 2; i++) {
      if (read.get(i).scaleFrom() != read.get(i).scaleTo()) {
        throw InvalidInputException.of(
            "trainScales", "must begin with two sizes, such as 256,384,256..512, not " + text);
      }
    }
    Augmentation jitter = read.get(2);
    return new TrainScales(
        side,
        read.get(0).scaleFrom(),
        read.get(1).scaleFrom(),
        jitter.scaleFrom(),
        jitter.scaleTo());
  }

  private static int scaled(int pixels, int side) {
    return Math.round((float) pixels * side / PAPERS_SIDE);
  }

  /** Returns the text that {@code --scale} takes. */
  String text(TrainScale scale) {
    return switch (scale) {
      case SMALL -> Integer.toString(small);
      case LARGE -> Integer.toString(large);
      case JITTERED -> from + ".." + to;
    };
  }

  /** Returns the one size Q to test at: S itself, or the middle of a range. */
  int tested(TrainScale scale) {
    return switch (scale) {
      case SMALL -> small;
      case LARGE -> large;
      case JITTERED -> (from + to) / 2;
    };
  }

  /** Returns the sizes to test at together: around S, or the ends and the middle of a range. */
  List<Integer> testedTogether(TrainScale scale) {
    int middle = tested(scale);
    int step = Math.max(1, scaled(PAPERS_STEP, side));
    Stream<Integer> all =
        scale == TrainScale.JITTERED
            ? Stream.of(from, middle, to)
            : Stream.of(Math.max(side, middle - step), middle, middle + step);
    return all.distinct().toList();
  }

  /** Returns the largest size that any picture is resized to. */
  int largest() {
    return Stream.of(TrainScale.values())
        .flatMap(scale -> testedTogether(scale).stream())
        .mapToInt(Integer::intValue)
        .max()
        .orElseThrow();
  }

  /** Returns this as {@link #parse} reads it. */
  @Override
  public String toString() {
    return small + "," + large + "," + from + ".." + to;
  }
}
