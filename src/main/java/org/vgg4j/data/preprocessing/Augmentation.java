package org.vgg4j.data.preprocessing;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How training images are varied from epoch to epoch: each is resized to a size of its own, a
 * random square of the net's size is kept, and that may be flipped and shifted in colour. Every
 * draw is a function of seed, epoch and image. All else is as the {@link Preprocessing} says, with
 * which alone a net is evaluated.
 *
 * <p>Source: Simonyan and Zisserman (2015), sections 3.1 and 3.2; the shift: Krizhevsky, Sutskever
 * and Hinton (2012), section 4.1.
 *
 * @param scaleFrom the smallest size that an image is resized to, in pixels, instead of {@link
 *     Preprocessing#resize}: of the shorter side where the fit is so; 0 for the preprocessing's
 * @param scaleTo the largest size; that of an image is drawn between both, each as likely
 * @param flip whether left and right are exchanged, in one of two cases
 * @param colorShift the standard deviation of the draws by which the values move along the training
 *     images' principal components, 0.1 in the paper; 0 for no shift
 * @param statistics of the training images, which the shift needs; null while they are not known
 */
public record Augmentation(
    int scaleFrom, int scaleTo, boolean flip, double colorShift, ImageStatistics statistics) {
  /** No variation: training images are prepared as those of an evaluation. */
  public static final Augmentation NONE = new Augmentation(0, 0, false, 0, null);

  /** The paper's for squares of 224 pixels, with a fixed scale. */
  public static final Augmentation PAPER = new Augmentation(256, 256, true, 0.1, null);

  private static final Pattern SCALE = Pattern.compile("(\\d{1,9})(?:\\.\\.(\\d{1,9}))?");

  // Which of an image's draws is what.
  private static final int SCALE_DRAW = 0;
  private static final int TOP_DRAW = 1;
  private static final int LEFT_DRAW = 2;
  private static final int FLIP_DRAW = 3;
  private static final int SHIFT_DRAWS = 4; // two for each component

  /** Checks the values. */
  public Augmentation {
    if (scaleFrom < 0 || scaleTo < scaleFrom || (scaleFrom == 0 && scaleTo != 0)) {
      throw InvalidInputException.of(
          "scale",
          "must be a number of pixels or two such as 256..512, not " + scaleFrom + ".." + scaleTo);
    }
    if (!(colorShift >= 0) || Double.isInfinite(colorShift)) {
      throw InvalidInputException.of(
          "colorShift", "must be at least 0 and finite, not " + colorShift);
    }
  }

  /** Returns this with images resized to a size between two, in pixels. */
  public Augmentation withScale(int from, int to) {
    return new Augmentation(from, to, flip, colorShift, statistics);
  }

  /**
   * Returns this with a scale in words: 256 or 256..512; null for the preprocessing's size.
   *
   * @throws InvalidInputException when it is neither
   */
  public Augmentation withScale(String text) {
    if (text == null) {
      return withScale(0, 0);
    }
    Matcher parts = SCALE.matcher(text);
    if (!parts.matches() || Integer.parseInt(parts.group(1)) == 0) {
      throw InvalidInputException.of(
          "scale", "must be a number of pixels or two such as 256..512, not " + text);
    }
    int from = Integer.parseInt(parts.group(1));
    return withScale(from, parts.group(2) == null ? from : Integer.parseInt(parts.group(2)));
  }

  /**
   * Returns this with the scale that is to squares of another size what this one's is to those of
   * {@code side} pixels.
   */
  public Augmentation forSquares(int side, int other) {
    return withScale(
        Math.round((float) scaleFrom * other / side), Math.round((float) scaleTo * other / side));
  }

  /** Returns this with images flipped or not. */
  public Augmentation withFlip(boolean other) {
    return new Augmentation(scaleFrom, scaleTo, other, colorShift, statistics);
  }

  /** Returns this with another standard deviation of the draws of the colour's shift. */
  public Augmentation withColorShift(double other) {
    return new Augmentation(scaleFrom, scaleTo, flip, other, statistics);
  }

  /** Returns this with the statistics of the training images. */
  public Augmentation withStatistics(ImageStatistics known) {
    return new Augmentation(scaleFrom, scaleTo, flip, colorShift, known);
  }

  /** Returns whether images are varied at all. */
  public boolean isNone() {
    return scaleFrom == 0 && !flip && colorShift == 0;
  }

  /** Returns the scale as {@link #withScale(String)} reads it, null for the preprocessing's. */
  public String scale() {
    return scaleFrom == 0
        ? null
        : scaleFrom == scaleTo ? Integer.toString(scaleFrom) : scaleFrom + ".." + scaleTo;
  }

  /** Returns the smallest size that images are resized to. */
  int smallest(Preprocessing how) {
    return scaleFrom == 0 ? how.resize() : scaleFrom;
  }

  /** Returns the size that images are evaluated at: the middle of the scale, rounded down. */
  public int middleScale() {
    return scaleFrom + (scaleTo - scaleFrom) / 2;
  }

  /**
   * Checks that images of every size are large enough for a preprocessing's squares.
   *
   * @throws InvalidInputException when they are not
   */
  public void requireFits(Preprocessing how) {
    if (scaleFrom != 0 && scaleFrom < how.crop()) {
      throw InvalidInputException.of(
          "scale",
          "must be at least the net's image size, %d, not %s".formatted(how.crop(), scale()));
    }
  }

  /**
   * Checks that images can be shifted in colour if they are to be.
   *
   * @throws InvalidInputException when the statistics are missing or of other images
   */
  public void requireReady(Preprocessing how) {
    requireFits(how);
    if (colorShift == 0) {
      return;
    }
    if (statistics == null) {
      throw InvalidInputException.of(
          "colorShift", "needs the statistics of the training images: ImageStatistics.of");
    }
    if (statistics.channels() != how.channels()) {
      throw InvalidInputException.of(
          "colorShift",
          "needs statistics of %d channels, not %d"
              .formatted(how.channels(), statistics.channels()));
    }
  }

  /**
   * Draws what the net sees of an image in an epoch.
   *
   * @param image its number in its source
   */
  public ImageView view(Preprocessing how, ImageShape shape, Draw draw, int image) {
    if (isNone()) {
      return ImageView.centre(how, shape);
    }
    if (draw == null) {
      throw new IllegalStateException("images are varied by the draws of an epoch");
    }
    int size =
        scaleFrom == 0
            ? how.resize()
            : scaleFrom + (int) below(scaleTo - scaleFrom + 1L, draw, image, SCALE_DRAW);
    ResizeWindow whole = ResizeWindow.resized(how, size, shape.height(), shape.width());
    long top = below(whole.height() - whole.rows() + 1, draw, image, TOP_DRAW);
    long left = below(whole.width() - whole.columns() + 1, draw, image, LEFT_DRAW);
    boolean flipped = flip && draw.uniform(image, FLIP_DRAW) < 0.5;
    return new ImageView(whole.at(top, left), flipped, shift(draw, image));
  }

  private static long below(long bound, Draw draw, int image, int index) {
    return (long) (draw.uniform(image, index) * bound);
  }

  /** Returns the sum of the components, each by its variance and by a draw of its own. */
  private List<Float> shift(Draw draw, int image) {
    if (colorShift == 0) {
      return List.of();
    }
    int channels = statistics.channels();
    double[] sums = new double[channels];
    for (int k = 0; k < channels; k++) {
      double by =
          colorShift * draw.normal(image, SHIFT_DRAWS + 2 * k) * statistics.variances().get(k);
      for (int c = 0; c < channels; c++) {
        sums[c] += by * statistics.components().get(k).get(c);
      }
    }
    List<Float> shift = new ArrayList<>();
    for (double sum : sums) {
      shift.add((float) sum);
    }
    return shift;
  }

  /** Returns this in words, for a person. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    if (scaleFrom != 0) {
      parts.add("resized to " + scale());
    }
    if (!isNone()) {
      parts.add("random crop");
    }
    if (flip) {
      parts.add("flipped in one of two cases");
    }
    if (colorShift != 0) {
      parts.add("colours shifted by " + colorShift + " along principal components");
    }
    return parts.isEmpty() ? "none" : String.join(", ", parts);
  }
}
