package org.vgg4j.evaluation;

import org.vgg4j.data.ImageSource;

/** Posteriors in the making: probabilities are added until the weights of each image are one. */
final class PosteriorSums {
  private final int classes;
  private final int[] labels;
  private final double[][] rows;

  PosteriorSums(ImageSource data, int classes) {
    this.classes = classes;
    labels = new int[data.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = data.label(i);
    }
    rows = new double[labels.length][classes];
  }

  int classes() {
    return classes;
  }

  /** Adds the softmax of logits that begin at {@code offset}. */
  void add(int image, double[] logits, int offset, double weight) {
    double[] logs = Softmax.logSoftmax(logits, offset, classes);
    double[] row = rows[image];
    for (int c = 0; c < classes; c++) {
      row[c] += weight * Math.exp(logs[c]);
    }
  }

  Posteriors done() {
    return new Posteriors(labels, rows);
  }
}
