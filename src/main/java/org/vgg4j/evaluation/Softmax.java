package org.vgg4j.evaluation;

/** The softmax of one image's logits, on the host. */
final class Softmax {
  private Softmax() {}

  /** Returns the log probabilities (classes); subtracts the maximum first. */
  static double[] logSoftmax(double[] logits, int offset, int classes) {
    double max = logits[offset + argMax(logits, offset, classes)];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(logits[offset + c] - max);
    }
    double[] result = new double[classes];
    for (int c = 0; c < classes; c++) {
      result[c] = logits[offset + c] - max - Math.log(sum);
    }
    return result;
  }

  /** Returns how many logits come before a label's: larger ones, or equal ones of lower labels. */
  static int rank(int label, double[] logits, int offset, int classes) {
    int rank = 0;
    for (int c = 0; c < classes; c++) {
      double lead = logits[offset + c] - logits[offset + label];
      rank += lead > 0 || (lead == 0 && c < label) ? 1 : 0;
    }
    return rank;
  }

  /** Returns the index of the largest logit, the first of equal ones. */
  static int argMax(double[] logits, int offset, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = logits[offset + c] > logits[offset + best] ? c : best;
    }
    return best;
  }
}
