package org.vgg4j.evaluation;

import java.util.List;
import org.vgg4j.tensor.HostLossAccumulator;

/** Counts answers, image by image. */
final class Tally {
  private final long[][] confusion;
  private final CalibrationBins bins = new CalibrationBins();
  private double loss;
  private long inTopFive;
  private long count;

  Tally(int classes) {
    confusion = new long[classes][classes];
  }

  /** Adds an image with the logarithms of its classes' probabilities; equal ones go by label. */
  void add(int label, double[] logs) {
    int best = Softmax.argMax(logs, 0, logs.length);
    loss -= logs[label];
    confusion[label][best]++;
    inTopFive += Softmax.rank(label, logs, 0, logs.length) < HostLossAccumulator.TOP ? 1 : 0;
    bins.add(Math.exp(logs[best]), best == label);
    count++;
  }

  Evaluation evaluation(List<String> classNames) {
    return new Evaluation(loss / count, confusion, inTopFive, bins.error(), classNames);
  }
}
