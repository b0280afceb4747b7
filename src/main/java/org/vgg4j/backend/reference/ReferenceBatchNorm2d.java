package org.vgg4j.backend.reference;

import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;

/**
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel.
 *
 * <p>Shapes: x, y (N, C, H, W); gamma, beta and the running statistics (C); saved (2, C), the means
 * and the inverse standard deviations that the forward normalised with.
 *
 * <p>Source: Ioffe and Szegedy, 2015, algorithm 1; PyTorch {@code torch.nn.BatchNorm2d} (biased
 * variance inside, unbiased variance into the running one) and, for the gradients, {@code
 * batch_norm_backward_cpu_template} in {@code aten/src/ATen/native/Normalization.cpp}.
 */
final class ReferenceBatchNorm2d extends ReferencePlan implements BatchNorm2dPlan {
  private static final String OPERATION = "batch norm";

  private final BatchNorm2dSpec spec;
  private final Usage usage;
  private final ReferenceLayout xLayout;
  private final ReferenceLayout channelLayout; // (C)
  private final ReferenceLayout runningLayout; // (C)
  private final ReferenceLayout savedLayout; // (2, C), null when planned for inference
  private final int batch; // N
  private final int channels; // C
  private final int plane; // H W
  private final int count; // N H W, the values of a channel
  private double wholeCount; // of all parts of the batch, as are the next two
  private final double[] wholeMean;
  private final double[] wholeSquares;

  ReferenceBatchNorm2d(Types types, BatchNorm2dSpec spec, Layout x, Usage usage) {
    super(OPERATION);
    this.spec = spec;
    this.usage = usage;
    xLayout = ReferenceLayout.computable(OPERATION, x);
    Shape shape = spec.y(x.shape());
    channelLayout = new ReferenceLayout(spec.parameter(), types.master());
    runningLayout = channelLayout.as(types.statistics());
    savedLayout = usage.training() ? ReferenceLayout.f64(Shape.of(2, spec.channels())) : null;
    batch = shape.dim(0);
    channels = shape.dim(1);
    plane = shape.dim(2) * shape.dim(3);
    count = batch * plane;
    wholeMean = new double[channels];
    wholeSquares = new double[channels];
    if (usage.training()) {
      spec.requireTrainable(shape);
    }
  }

  @Override
  public Layout y() {
    return xLayout;
  }

  @Override
  public Layout saved() {
    return savedLayout;
  }

  @Override
  public void forwardTraining(
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor saved) {
    forward(x, gamma, beta, runningMean, runningVar, y, saved, !spec.frozen());
  }

  @Override
  public void forwardAgain(
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor saved) {
    forward(x, gamma, beta, runningMean, runningVar, y, saved, false);
  }

  private void forward(
      Tensor x,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor saved,
      boolean moves) {
    checkPlanned(usage.training(), "training");
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor scale = use("gamma", gamma, channelLayout);
    ReferenceTensor shift = use("beta", beta, channelLayout);
    ReferenceTensor means = use("runningMean", runningMean, runningLayout);
    ReferenceTensor variances = use("runningVar", runningVar, runningLayout);
    ReferenceTensor output = use("y", y, xLayout);
    ReferenceTensor kept = use("saved", saved, savedLayout);
    if (!spec.frozen() && (moves || spec.sums() == null)) {
      measure(input);
    }
    for (int c = 0; c < channels; c++) {
      double mean;
      double variance; // biased
      if (spec.frozen()) {
        mean = means.values()[means.offset() + c];
        variance = variances.values()[variances.offset() + c];
      } else {
        mean = wholeMean[c];
        variance = wholeSquares[c] / wholeCount;
        if (moves) {
          average(means, c, mean);
          average(variances, c, wholeSquares[c] / (wholeCount - 1));
        }
      }
      double invStd = 1 / Math.sqrt(variance + spec.epsilon());
      kept.values()[kept.offset() + c] = mean;
      kept.values()[kept.offset() + channels + c] = invStd;
      normalise(input, scale, shift, output, c, mean, invStd);
    }
    written(output);
    if (moves) {
      written(means, variances);
    }
  }

  @Override
  public void normalizeAgain(Tensor x, Tensor gamma, Tensor beta, Tensor y, Tensor saved) {
    checkPlanned(usage.training(), "training");
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor scale = use("gamma", gamma, channelLayout);
    ReferenceTensor shift = use("beta", beta, channelLayout);
    ReferenceTensor output = use("y", y, xLayout);
    ReferenceTensor kept = use("saved", saved, savedLayout);
    for (int c = 0; c < channels; c++) {
      double mean = kept.values()[kept.offset() + c];
      double invStd = kept.values()[kept.offset() + channels + c];
      normalise(input, scale, shift, output, c, mean, invStd);
    }
    written(output);
  }

  @Override
  public void forwardInference(
      Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar, Tensor y) {
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor scale = use("gamma", gamma, channelLayout);
    ReferenceTensor shift = use("beta", beta, channelLayout);
    ReferenceTensor means = use("runningMean", runningMean, runningLayout);
    ReferenceTensor variances = use("runningVar", runningVar, runningLayout);
    ReferenceTensor output = use("y", y, xLayout);
    for (int c = 0; c < channels; c++) {
      double mean = means.values()[means.offset() + c];
      double variance = variances.values()[variances.offset() + c];
      double invStd = 1 / Math.sqrt(variance + spec.epsilon());
      normalise(input, scale, shift, output, c, mean, invStd);
    }
    written(output);
  }

  /**
   * With h = (x - mean) invStd and g = dy where the ReLU passed it: dbeta = sum g, dgamma = sum g
   * h, dx = gamma invStd (g - dbeta / count - h dgamma / count), and gamma invStd g when frozen.
   */
  @Override
  public void backward(
      Tensor x,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor saved,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta) {
    checkPlanned(usage.training(), "a backward");
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor slope = use("dy", dy, xLayout);
    ReferenceTensor scale = use("gamma", gamma, channelLayout);
    ReferenceTensor shift = use("beta", beta, channelLayout);
    ReferenceTensor kept = use("saved", saved, savedLayout);
    ReferenceTensor scaleSlope = use("dgamma", dgamma, channelLayout);
    ReferenceTensor shiftSlope = use("dbeta", dbeta, channelLayout);
    ReferenceTensor result = null;
    if (usage.inputGradient()) {
      result = use("dx", dx, xLayout);
    } else {
      checkAbsent("dx", dx);
    }
    double[] whole = new double[2 * channels]; // sums of g, then of g h
    for (int c = 0; c < channels; c++) {
      double mean = kept.values()[kept.offset() + c];
      double invStd = kept.values()[kept.offset() + channels + c];
      double gain = scale.values()[scale.offset() + c];
      double offset = shift.values()[shift.offset() + c];
      double sum = 0; // of g
      double product = 0; // of g h
      for (int n = 0; n < batch; n++) {
        int at = (n * channels + c) * plane;
        for (int i = at; i < at + plane; i++) {
          double h = (input.values()[input.offset() + i] - mean) * invStd;
          double g = isOpen(h * gain + offset) ? slope.values()[slope.offset() + i] : 0;
          sum += g;
          product += g * h;
        }
      }
      shiftSlope.values()[shiftSlope.offset() + c] = sum;
      scaleSlope.values()[scaleSlope.offset() + c] = product;
      whole[c] = sum;
      whole[channels + c] = product;
    }
    if (spec.sums() != null) {
      spec.sums().sumGradients(whole);
    }
    for (int c = 0; result != null && c < channels; c++) {
      double mean = kept.values()[kept.offset() + c];
      double invStd = kept.values()[kept.offset() + channels + c];
      double gain = scale.values()[scale.offset() + c];
      double offset = shift.values()[shift.offset() + c];
      double factor = gain * invStd;
      double sumShare = spec.frozen() ? 0 : whole[c] / wholeCount;
      double productShare = spec.frozen() ? 0 : whole[channels + c] / wholeCount;
      for (int n = 0; n < batch; n++) {
        int at = (n * channels + c) * plane;
        for (int i = at; i < at + plane; i++) {
          double h = (input.values()[input.offset() + i] - mean) * invStd;
          double g = isOpen(h * gain + offset) ? slope.values()[slope.offset() + i] : 0;
          result.values()[result.offset() + i] = factor * (g - sumShare - h * productShare);
        }
      }
    }
    written(result, scaleSlope, shiftSlope);
  }

  /** Returns whether the ReLU, if there is one, lets a value pass. */
  private boolean isOpen(double value) {
    return !spec.relu() || value > 0;
  }

  /** Finds the statistics of the batch, of all its parts where they are added up. */
  private void measure(ReferenceTensor x) {
    double[] sums = new double[channels + 1];
    for (int c = 0; c < channels; c++) {
      sums[c] = sum(x, c);
    }
    sums[channels] = count;
    if (spec.sums() != null) {
      spec.sums().sumStatistics(sums);
    }
    wholeCount = sums[channels];
    for (int c = 0; c < channels; c++) {
      wholeMean[c] = sums[c] / wholeCount;
      wholeSquares[c] = squares(x, c, wholeMean[c]);
    }
    if (spec.sums() != null) {
      spec.sums().sumStatistics(wholeSquares);
    }
  }

  private double sum(ReferenceTensor x, int c) {
    double sum = 0;
    for (int n = 0; n < batch; n++) {
      sum += Rows.sum(x.values(), x.offset() + (n * channels + c) * plane, plane);
    }
    return sum;
  }

  /**
   * Returns the sum of squared deviations from the mean, in a second pass that avoids cancellation.
   */
  private double squares(ReferenceTensor x, int c, double mean) {
    double sum = 0;
    for (int n = 0; n < batch; n++) {
      int at = x.offset() + (n * channels + c) * plane;
      for (int i = at; i < at + plane; i++) {
        double distance = x.values()[i] - mean;
        sum += distance * distance;
      }
    }
    return sum;
  }

  private void average(ReferenceTensor running, int c, double batchValue) {
    double f = spec.exponentialAverageFactor();
    double[] values = running.values();
    int at = running.offset() + c;
    values[at] = (1 - f) * values[at] + f * batchValue;
  }

  private void normalise(
      ReferenceTensor x,
      ReferenceTensor gamma,
      ReferenceTensor beta,
      ReferenceTensor y,
      int c,
      double mean,
      double invStd) {
    double scale = gamma.values()[gamma.offset() + c];
    double shift = beta.values()[beta.offset() + c];
    for (int n = 0; n < batch; n++) {
      int at = (n * channels + c) * plane;
      for (int i = at; i < at + plane; i++) {
        y.values()[y.offset() + i] = (x.values()[x.offset() + i] - mean) * invStd * scale + shift;
      }
      if (spec.relu()) {
        Rows.relu(y.values(), y.offset() + at, plane);
      }
    }
  }
}
