package org.vgg4j.evaluation;

import java.util.Arrays;
import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/** The probabilities that a net gives the classes of labelled images, in the images' order. */
public final class Posteriors {
  private final int[] labels; // (images)
  private final double[][] rows; // (images, classes)

  /**
   * Takes what is not changed any more.
   *
   * @param labels of the images
   * @param rows (images, classes)
   */
  public Posteriors(int[] labels, double[][] rows) {
    this.labels = labels;
    this.rows = rows;
  }

  /** Returns the number of images. */
  public int images() {
    return rows.length;
  }

  /** Returns the number of classes. */
  public int classes() {
    return rows[0].length;
  }

  /** Returns the label of an image. */
  public int label(int image) {
    return labels[image];
  }

  /** Returns a copy of the probabilities (classes) of an image. */
  public double[] row(int image) {
    return rows[image].clone();
  }

  /**
   * Returns the mean of several nets' probabilities.
   *
   * @param all of the same images in the same order
   * @throws InvalidInputException when there are none, or they differ in images, labels or classes
   */
  public static Posteriors mean(List<Posteriors> all) {
    if (all.isEmpty()) {
      throw new InvalidInputException("there are no posteriors to average");
    }
    Posteriors first = all.get(0);
    for (Posteriors other : all) {
      if (other.classes() != first.classes() || !Arrays.equals(other.labels, first.labels)) {
        throw new InvalidInputException(
            "posteriors are averaged of the same images only: %d of %d classes and %d of %d, with %s"
                .formatted(
                    first.images(),
                    first.classes(),
                    other.images(),
                    other.classes(),
                    Arrays.equals(other.labels, first.labels)
                        ? "the same labels"
                        : "other labels"));
      }
    }
    double[][] mean = new double[first.images()][first.classes()];
    for (Posteriors each : all) {
      for (int i = 0; i < mean.length; i++) {
        for (int c = 0; c < mean[i].length; c++) {
          mean[i][c] += each.rows[i][c] / all.size();
        }
      }
    }
    return new Posteriors(first.labels, mean);
  }

  /**
   * Returns the figures. In the loss a probability of 0 counts as the smallest above it.
   *
   * @param classNames the names of the classes, in order
   */
  public Evaluation evaluation(List<String> classNames) {
    if (classNames.size() != classes()) {
      throw new InvalidInputException(
          "posteriors of %d classes do not fit %d names".formatted(classes(), classNames.size()));
    }
    Tally tally = new Tally(classes());
    for (int i = 0; i < rows.length; i++) {
      double[] logs = new double[classes()];
      for (int c = 0; c < logs.length; c++) {
        logs[c] = Math.log(Math.max(rows[i][c], Double.MIN_VALUE));
      }
      tally.add(labels[i], logs);
    }
    return tally.evaluation(classNames);
  }

  /** Returns the expected calibration error: {@link Evaluation#calibrationError}. */
  public double calibrationError() {
    CalibrationBins bins = new CalibrationBins();
    for (int i = 0; i < rows.length; i++) {
      int best = Softmax.argMax(rows[i], 0, classes());
      bins.add(rows[i][best], best == labels[i]);
    }
    return bins.error();
  }
}
