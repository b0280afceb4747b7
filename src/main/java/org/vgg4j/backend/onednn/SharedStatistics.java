package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.BatchSums;

/** The statistics of a batch norm over the parts of a batch, and their share in its gradient. */
final class SharedStatistics {
  private final BatchSums sums;
  private final int channels;
  private final long own; // values of a channel in this part
  private final double epsilon;
  private double count; // in all parts, once they were exchanged
  private final float[] mean;
  private final float[] variance; // biased
  private final float[] slope; // by channel
  private final float[] offset;

  SharedStatistics(BatchSums sums, int channels, long own, double epsilon) {
    this.sums = sums;
    this.channels = channels;
    this.own = own;
    this.epsilon = epsilon;
    mean = new float[channels];
    variance = new float[channels];
    slope = new float[channels];
    offset = new float[channels];
  }

  /** Replaces the part's mean and biased variance by those of the whole batch. */
  void exchange(OneDnnTensor means, OneDnnTensor variances) {
    means.read(mean);
    variances.read(variance);
    double[] values = new double[1 + 2 * channels];
    values[0] = own;
    for (int c = 0; c < channels; c++) {
      double average = mean[c];
      values[1 + c] = own * average;
      values[1 + channels + c] = own * (variance[c] + average * average);
    }
    sums.sumStatistics(values);
    count = values[0];
    for (int c = 0; c < channels; c++) {
      // Of squares of floats in doubles: what cancels is far below a float's last bit.
      double average = values[1 + c] / count;
      mean[c] = (float) average;
      variance[c] = (float) Math.max(0, values[1 + channels + c] / count - average * average);
    }
    write(means, variances);
  }

  /** Writes the statistics of the last exchange again. */
  void write(OneDnnTensor means, OneDnnTensor variances) {
    means.write(mean);
    variances.write(variance);
  }

  /** Returns what makes the biased variance the unbiased one. */
  double unbias() {
    return count / (count - 1);
  }

  /**
   * Finds what the gradient of the statistics adds to dx: for each channel {@code slope x +
   * offset}.
   *
   * @param gammas scales
   * @param dgamma this part's gradient, the sum of g h
   * @param dbeta this part's, the sum of g
   */
  void backward(OneDnnTensor gammas, OneDnnTensor dgamma, OneDnnTensor dbeta) {
    float[] gamma = new float[channels];
    gammas.read(gamma);
    dgamma.read(slope);
    dbeta.read(offset);
    double[] values = new double[2 * channels];
    for (int c = 0; c < channels; c++) {
      values[c] = slope[c];
      values[channels + c] = offset[c];
    }
    sums.sumGradients(values);
    for (int c = 0; c < channels; c++) {
      double invStd = 1 / Math.sqrt(variance[c] + epsilon);
      double factor = gamma[c] * invStd / count;
      double ofX = -factor * invStd * values[c];
      slope[c] = (float) ofX;
      offset[c] = (float) (-factor * values[channels + c] - ofX * mean[c]);
    }
  }

  float[] slope() {
    return slope;
  }

  float[] offset() {
    return offset;
  }
}
