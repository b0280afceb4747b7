package org.vgg4j.evaluation;

import java.util.List;

/**
 * How a net does on a data set.
 *
 * @param meanLoss the mean cross entropy
 * @param confusion how many images of class i (row) were taken for class j (column)
 * @param classNames the names of the classes, in order
 */
public record Evaluation(double meanLoss, long[][] confusion, List<String> classNames) {
  /** Returns how many images there were. */
  public long count() {
    long count = 0;
    for (long[] row : confusion) {
      for (long cell : row) {
        count += cell;
      }
    }
    return count;
  }

  /** Returns the share of right answers. */
  public double accuracy() {
    long correct = 0;
    for (int c = 0; c < confusion.length; c++) {
      correct += confusion[c][c];
    }
    return (double) correct / count();
  }

  /** Returns how many images of class c there were. */
  public long support(int c) {
    long sum = 0;
    for (long cell : confusion[c]) {
      sum += cell;
    }
    return sum;
  }

  /** Returns the share of class c's images that were taken for c; NaN when there are none. */
  public double recall(int c) {
    return (double) confusion[c][c] / support(c);
  }

  /** Returns the share of the images taken for c that are of c; NaN when there are none. */
  public double precision(int c) {
    long taken = 0;
    for (long[] row : confusion) {
      taken += row[c];
    }
    return (double) confusion[c][c] / taken;
  }
}
