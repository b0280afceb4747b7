package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.Branch;
import org.vgg4j.backend.cuda.graph.ConvOperation;
import org.vgg4j.backend.cuda.graph.ConvPlan;
import org.vgg4j.backend.cuda.graph.ConvPlans;
import org.vgg4j.backend.cuda.graph.ConvProblem;
import org.vgg4j.backend.cuda.graph.ConvShape;
import org.vgg4j.backend.cuda.graph.PlanRun;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Usage;

/**
 * A convolution's forward and its gradients by cuDNN, with what cuDNN fuses with them; custom
 * kernels do what it does not.
 *
 * <p>Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q).
 */
final class ConvProducts {
  /** What follows the convolution at once. */
  enum Then {
    /** The bias and the ReLU of the spec. */
    BIAS_AND_RELU,
    /** Nothing: the bias is left to the batch norm behind it. */
    NOTHING,
    /** Nothing but the sums of y and of its squares, for the batch norm behind it. */
    STATISTICS
  }

  private final DeferredInput deferred; // null when x holds its values
  private final ConvOperation operation; // of the forward
  private final PlanRun forward;
  private final PlanRun filter; // null when dw is not wanted
  private final PlanRun data; // null when dx is not wanted
  private final KernelLaunch roundBias; // null when cuDNN takes it as it is, or adds none
  private final WorkspaceRegions.Region roundedBias; // as cuDNN takes it
  private final KernelLaunch bias; // null when cuDNN adds it, or there is none
  private final KernelLaunch relu; // null when cuDNN or the bias kernel does it, or there is none
  private final KernelLaunch widen; // null when dw has the type of the products
  private final WorkspaceRegions.Region narrowGradient; // dw as cuDNN writes it
  private final WorkspaceRegions.Region scratch;
  private final WorkspaceRegions.Region
      filterScratch; // behind that of dx where both may run at once
  private final CudaDevice device;

  ConvProducts(
      Closing owned,
      CudaDevice device,
      Conv2dSpec spec,
      CudaLayout x,
      CudaLayout w,
      CudaLayout y,
      Usage usage,
      Then then,
      WorkspaceRegions regions) {
    this.device = device;
    x.requireImages("convolution");
    ConvPlans plans = device.plans();
    ConvPlan forwardPlan = ConvForwardChoice.of(device, spec, x, then);
    operation = forwardPlan.problem().operation();
    forward = owned.own(forwardPlan.newRun());
    deferred = x.deferred() ? new DeferredInput(owned, device, x, regions) : null;
    boolean rounds = operation.hasBias() && x.dtype() != DType.F32;
    roundedBias = regions.region(rounds ? (long) spec.outChannels() * x.dtype().bytes() : 0);
    roundBias =
        rounds
            ? owned
                .own(device.kernels().strided("vgg4j_round_bf16", spec.outChannels(), 4, 3))
                .set(2, (long) spec.outChannels())
            : null;
    boolean addsBias = then == Then.BIAS_AND_RELU && spec.bias() && !operation.hasBias();
    bias = addsBias ? owned.own(PointwiseKernels.bias(device.kernels(), y, spec.relu())) : null;
    boolean rectifies = then == Then.BIAS_AND_RELU && spec.relu() && bias == null;
    relu =
        rectifies && operation != ConvOperation.FORWARD_BIAS_RELU
            ? owned.own(PointwiseKernels.relu(device.kernels(), y))
            : null;
    boolean narrow = usage.weightGradients() && x.dtype() != DType.F32;
    narrowGradient = regions.region(narrow ? w.bytes() : 0);
    widen =
        narrow
            ? owned
                .own(device.kernels().strided("vgg4j_widen_bf16", w.storedElements(), 4, 3))
                .set(2, w.storedElements())
            : null;
    ConvPlan filterPlan =
        usage.weightGradients() ? plans.plan(problem(ConvOperation.FILTER, spec, x)) : null;
    ConvPlan dataPlan =
        usage.training() && usage.inputGradient()
            ? plans.plan(problem(ConvOperation.DATA, spec, x))
            : null;
    filter = filterPlan == null ? null : owned.own(filterPlan.newRun());
    data = dataPlan == null ? null : owned.own(dataPlan.newRun());
    long filterBytes = filterPlan == null ? 0 : filterPlan.workspaceBytes();
    long dataBytes = dataPlan == null ? 0 : dataPlan.workspaceBytes();
    if (deferred != null && data != null) {
      dataBytes = Math.max(dataBytes, deferred.partialBytes());
    }
    // The gradients behind a deferred norm are computed one after the other.
    if (data != null && deferred == null && filterBytes > 0 && device.steps().mayBranch()) {
      long dataEnd = Arena.align(dataBytes);
      scratch = regions.region(Math.max(forwardPlan.workspaceBytes(), dataEnd + filterBytes));
      filterScratch = scratch.from(dataEnd);
    } else {
      long backwardBytes = Math.max(dataBytes, filterBytes);
      scratch = regions.region(Math.max(forwardPlan.workspaceBytes(), backwardBytes));
      filterScratch = scratch;
    }
  }

  /** Returns a convolution's problem as the plans know it. */
  static ConvProblem problem(ConvOperation operation, Conv2dSpec spec, CudaLayout x) {
    return new ConvProblem(
        operation,
        new ConvShape(
            x.shape().dim(0),
            x.stored(),
            x.shape().dim(2),
            x.shape().dim(3),
            spec.outChannels(),
            spec.kernel(),
            spec.padding()),
        x.dtype());
  }

  /** Adds the work of {@link #forward}. */
  void forwardWork(PlanWork work, CudaLayout y) {
    ConvProblem problem = forward.problem();
    if (deferred != null && !operation.hasNorm()) {
      deferred.work(work);
    }
    if (roundBias != null) {
      work.convert("round bias", problem.shape().k(), DType.F32, problem.type());
    }
    work.convolution(problem);
    if (bias != null) {
      work.kernel("bias", y.bytes() + PlanWork.floats(1, y.stored()), y.bytes());
    } else if (relu != null) {
      work.kernel("relu", y.bytes(), y.bytes());
    }
  }

  /** Adds the work of {@link #backward}, or of {@link #backwardFilter} where dx is not wanted. */
  void backwardWork(PlanWork work, CudaLayout w) {
    if (deferred == null || data == null || filter == null) {
      separateWork(work, w);
      return;
    }
    work.convolution(data.problem());
    deferred.sumsWork(work);
    filterWork(work, w);
  }

  /** Adds the work of {@link #backwardFilter} and then {@link #backwardData}, as far as planned. */
  void separateWork(PlanWork work, CudaLayout w) {
    if (filter != null) {
      if (deferred != null) {
        deferred.work(work);
      }
      filterWork(work, w);
    }
    if (data != null) {
      work.convolution(data.problem());
    }
    if (deferred != null && data != null) {
      deferred.missedSumsWork(work);
    }
  }

  private void filterWork(PlanWork work, CudaLayout w) {
    work.convolution(filter.problem());
    if (widen != null) {
      work.convert("widen dw", w.storedElements(), w.dtype(), DType.F32);
    }
  }

  /** Returns whether {@link #forward} leaves the sums that the statistics are computed from. */
  boolean sumsStatistics() {
    return operation.hasStatistics();
  }

  /**
   * Computes y.
   *
   * @param b null without a bias, or where it is left to the batch norm
   * @param sums where to leave the sums of y (K), null unless {@link #sumsStatistics}
   * @param squares where to leave the sums of its squares (K), likewise
   */
  void forward(CudaTensor source, Pointer w, Pointer b, Pointer y, Pointer sums, Pointer squares) {
    int at;
    if (operation.hasNorm()) {
      deferred.bind(source);
      forward.set(0, source.pointer()).set(1, deferred.scale()).set(2, deferred.shift()).set(3, w);
      at = 4;
    } else {
      forward.set(0, values(source)).set(1, w);
      at = 2;
    }
    if (operation.hasBias()) {
      forward.set(at++, bias(b));
    }
    forward.set(at++, y);
    if (operation.hasStatistics()) {
      forward.set(at, sums).set(at + 1, squares);
    }
    forward.execute(scratch.pointer());
    if (bias != null) {
      bias.set(0, y).set(1, b).launch();
    } else if (relu != null) {
      relu.set(0, y).set(1, y).launch();
    }
  }

  /** Returns the bias in the type of the images, the only one that cuDNN's fast engines take. */
  private Pointer bias(Pointer b) {
    if (roundBias == null) {
      return b;
    }
    Pointer rounded = roundedBias.pointer();
    roundBias.set(0, b).set(1, rounded).launch();
    return rounded;
  }

  private Pointer values(CudaTensor source) {
    if (deferred == null) {
      return source.pointer();
    }
    deferred.bind(source);
    return deferred.values();
  }

  /**
   * Computes dw, floats, and beside it dx, from x and dy. Behind a norm that was left to this
   * convolution, dx comes first, since the sums of that norm's backward are of dx: they are taken
   * while its values are computed again, in scratch memory that no plan uses then.
   */
  void backward(CudaTensor source, Pointer w, Pointer dy, Pointer dw, Pointer dx) {
    if (deferred == null) {
      device.context().fork(Branch.GRADIENTS);
      backwardFilter(source, dy, dw);
      device.context().resume();
      backwardData(w, dy, dx);
      device.context().join(Branch.GRADIENTS);
      return;
    }
    backwardData(w, dy, dx);
    deferred.bind(source);
    filter(deferred.valuesAndSums(dx, scratch.pointer()), dy, dw);
    deferred.leaveSums(dx);
  }

  /** Computes dx from dy. */
  void backwardData(Pointer w, Pointer dy, Pointer dx) {
    data.set(0, w).set(1, dy).set(2, dx).execute(scratch.pointer());
  }

  /** Computes dw, floats, from x and dy. */
  void backwardFilter(CudaTensor source, Pointer dy, Pointer dw) {
    filter(values(source), dy, dw);
  }

  private void filter(Pointer values, Pointer dy, Pointer dw) {
    Pointer result = widen == null ? dw : narrowGradient.pointer();
    filter.set(0, values).set(1, dy).set(2, result).execute(filterScratch.pointer());
    if (widen != null) {
      widen.set(0, result).set(1, dw).launch();
    }
  }
}
