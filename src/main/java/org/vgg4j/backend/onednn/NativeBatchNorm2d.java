package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Batch normalization of images in blocks of 16 channels in C++ ({@code native/cpu/norms.cpp}),
 * whose threads work on images of their own, as those of the convolutions do. A training forward
 * saves the mean (C) and the biased variance (C); what the ReLU cut off follows from x. The bits do
 * not depend on the number of threads. It is a part of {@link CpuLibrary}.
 */
final class NativeBatchNorm2d extends OneDnnPlan implements BatchNorm2dPlan {
  private final BatchNorm2dSpec spec;
  private final OneDnnLayout x; // (N, C, H, W)
  private final OneDnnLayout perChannel; // (C)
  private final SavedStatistics saved; // null when planned for inference
  private final boolean isBf16;
  private final double unbias; // N H W / (N H W - 1)
  private final RunningStatistics running;
  private final Scratch.Place sums; // two of each image and channel, in double; null for inference

  /** Plans a norm that {@link #isPossible}. */
  NativeBatchNorm2d(Dnnl context, BatchNorm2dSpec spec, OneDnnLayout x, Usage usage) {
    super(context, "batch norm", "x " + x.shape());
    this.spec = spec;
    this.x = x;
    spec.y(x.shape());
    if (usage.training()) {
      spec.requireTrainable(x.shape());
    }
    perChannel = OneDnnLayout.plain(spec.parameter(), DType.F32);
    isBf16 = x.dtype() == DType.BF16;
    long count = x.shape().elementCount() / spec.channels();
    unbias = (double) count / (count - 1);
    running = new RunningStatistics(context, spec);
    saved = usage.training() ? new SavedStatistics(perChannel, null) : null;
    Shape all = Shape.of(x.shape().dim(0), 2 * spec.channels(), Double.BYTES / Float.BYTES);
    sums = usage.training() ? place(OneDnnLayout.plain(all, DType.F32)) : null;
  }

  /** Returns whether a norm is of this kind. */
  static boolean isPossible(BatchNorm2dSpec spec, OneDnnLayout x) {
    return CpuLibrary.isLoaded()
        && !spec.isShared()
        && x.shape().rank() == 4
        && x.shape().dim(1) % WinogradShape.BLOCK == 0
        && x.matches(ImageOrder.BLOCKS_OF_16.desc(x.shape(), x.dtype()));
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return saved == null ? null : saved.layout();
  }

  private void bind(Tensor savedTensor) {
    planned(saved, "for inference").bind(savedTensor, operand("saved"));
  }

  @Override
  public void forwardTraining(
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor savedTensor) {
    forward(xTensor, gamma, beta, runningMean, runningVar, y, savedTensor, !spec.frozen());
  }

  @Override
  public void forwardAgain(
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor savedTensor) {
    forward(xTensor, gamma, beta, runningMean, runningVar, y, savedTensor, false);
  }

  private void forward(
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor y,
      Tensor savedTensor,
      boolean moves) {
    OneDnnTensor means = channels(runningMean, "runningMean");
    OneDnnTensor variances = channels(runningVar, "runningVar");
    bind(savedTensor);
    if (spec.frozen()) {
      running.copy(means, saved.mean());
      running.copy(variances, saved.variance());
    }
    long measured = spec.frozen() ? 0 : sums.tensor().address();
    normalize("", xTensor, gamma, beta, saved.mean(), saved.variance(), measured, y);
    if (moves) {
      running.move(means, variances, saved.mean(), saved.variance(), unbias);
    }
  }

  @Override
  public void normalizeAgain(
      Tensor xTensor, Tensor gamma, Tensor beta, Tensor y, Tensor savedTensor) {
    bind(savedTensor);
    normalize(" again", xTensor, gamma, beta, saved.mean(), saved.variance(), 0, y);
  }

  @Override
  public void forwardInference(
      Tensor xTensor, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar, Tensor y) {
    normalize(
        " inference",
        xTensor,
        gamma,
        beta,
        channels(runningMean, "runningMean"),
        channels(runningVar, "runningVar"),
        0,
        y);
  }

  /** Measures the statistics first where there is room for sums; otherwise they are given. */
  private void normalize(
      String part,
      Tensor xTensor,
      Tensor gamma,
      Tensor beta,
      OneDnnTensor means,
      OneDnnTensor variances,
      long measured,
      Tensor y) {
    long from = images(xTensor, "x");
    long scales = channels(gamma, "gamma").address();
    long shifts = channels(beta, "beta").address();
    long to = images(y, "y");
    long begun = context().begin();
    forward(
        isBf16,
        x.shape().dim(0),
        spec.channels() / WinogradShape.BLOCK,
        pixels(),
        from,
        scales,
        shifts,
        means.address(),
        variances.address(),
        (float) spec.epsilon(),
        spec.relu(),
        measured,
        to);
    end(part, 2, begun);
  }

  @Override
  public void backward(
      Tensor xTensor,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor savedTensor,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta) {
    bind(savedTensor);
    long from = images(xTensor, "x");
    long gradient = images(dy, "dy");
    long scales = channels(gamma, "gamma").address();
    long shifts = channels(beta, "beta").address();
    long to = images(dx, "dx");
    long dscales = channels(dgamma, "dgamma").address();
    long dshifts = channels(dbeta, "dbeta").address();
    long begun = context().begin();
    backward(
        isBf16,
        x.shape().dim(0),
        spec.channels() / WinogradShape.BLOCK,
        pixels(),
        from,
        gradient,
        scales,
        shifts,
        saved.mean().address(),
        saved.variance().address(),
        (float) spec.epsilon(),
        spec.relu(),
        sums.tensor().address(),
        to,
        dscales,
        dshifts,
        spec.frozen());
    end(" gradient", 3, begun);
  }

  private long pixels() {
    return (long) x.shape().dim(2) * x.shape().dim(3);
  }

  private long images(Tensor tensor, String role) {
    return OneDnnTensor.of(tensor, x, operand(role)).address();
  }

  private OneDnnTensor channels(Tensor tensor, String role) {
    return OneDnnTensor.of(tensor, perChannel, operand(role));
  }

  private void end(String part, int images, long begun) {
    context().end(Cost.loop(operation() + part, images * x.bytes()).inCpp(), begun);
  }

  private static native void forward(
      boolean isBf16,
      int count,
      int blocks,
      long pixels,
      long x,
      long gamma,
      long beta,
      long mean,
      long variance,
      float epsilon,
      boolean relu,
      long sums,
      long y);

  private static native void backward(
      boolean isBf16,
      int count,
      int blocks,
      long pixels,
      long x,
      long dy,
      long gamma,
      long beta,
      long mean,
      long variance,
      float epsilon,
      boolean relu,
      long sums,
      long dx,
      long dgamma,
      long dbeta,
      boolean given);
}
