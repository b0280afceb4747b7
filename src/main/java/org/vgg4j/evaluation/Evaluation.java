package org.vgg4j.evaluation;

import java.util.List;

/**
 * A net's results on a data set.
 *
 * @param meanLoss the mean cross entropy
 * @param confusion how many images of class i (row) were classified as class j (column)
 * @param inTopFive how many images had their class among the five most probable
 * @param calibrationError the expected calibration error: how far the probabilities of the answers
 *     are from how often such answers are right, in [0, 1], in the mean over the images, in 15 bins
 *     of equal width
 * @param classNames the names of the classes, in order
 */
public record Evaluation(
    double meanLoss,
    long[][] confusion,
    long inTopFive,
    double calibrationError,
    List<String> classNames) {
  /** Returns the number of images. */
  public long count() {
    long count = 0;
    for (long[] row : confusion) {
      for (long cell : row) {
        count += cell;
      }
    }
    return count;
  }

  /** Returns the share of correct predictions. */
  public double accuracy() {
    long correct = 0;
    for (int c = 0; c < confusion.length; c++) {
      correct += confusion[c][c];
    }
    return (double) correct / count();
  }

  /** Returns the share of images whose class was among the five most probable. */
  public double topFiveAccuracy() {
    return (double) inTopFive / count();
  }

  /** Returns the share of images whose class was not the most probable. */
  public double topOneError() {
    return 1 - accuracy();
  }

  /** Returns the share of images whose class was not among the five most probable. */
  public double topFiveError() {
    return 1 - topFiveAccuracy();
  }

  /** Returns the number of images of class c. */
  public long support(int c) {
    long sum = 0;
    for (long cell : confusion[c]) {
      sum += cell;
    }
    return sum;
  }

  /** Returns the share of class c's images that were classified as c; NaN when there are none. */
  public double recall(int c) {
    return (double) confusion[c][c] / support(c);
  }

  /** Returns the share of the images classified as c that are of c; NaN when there are none. */
  public double precision(int c) {
    long taken = 0;
    for (long[] row : confusion) {
      taken += row[c];
    }
    return (double) confusion[c][c] / taken;
  }
}
