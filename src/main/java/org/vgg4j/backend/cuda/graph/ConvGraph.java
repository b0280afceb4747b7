package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.backend.cuda.calls.CudnnBackendCalls;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/**
 * Turns a problem into cuDNN's operation graph. Operands have the unique ids 1, 2, ... in their
 * order; what lies between two operations is never stored and is numbered after them.
 */
final class ConvGraph {
  private static final int ALIGNMENT = 16; // of all pointers, for accesses of tensor cores

  private final Closing owner;
  private final CudnnBackendCalls calls;
  private final ConvProblem problem;
  private final Map<String, Descriptor> operands = new HashMap<>();
  private final List<Descriptor> operations = new ArrayList<>();
  private int ids;

  private ConvGraph(Closing owner, CudnnBackendCalls calls, ConvProblem problem) {
    this.owner = owner;
    this.calls = calls;
    this.problem = problem;
  }

  /**
   * Returns a finished operation graph; {@code owner} frees it and all its parts.
   *
   * @throws org.vgg4j.backend.cuda.calls.CudaException when cuDNN refuses it
   */
  static Descriptor build(Closing owner, PlanTarget target, ConvProblem problem) {
    ConvGraph parts = new ConvGraph(owner, target.calls(), problem);
    problem.operands().forEach(each -> parts.operands.put(each.name(), parts.tensor(each, false)));
    parts.addOperations();
    Descriptor graph =
        parts
            .descriptor(cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "operation graph")
            .parts(cudnn.CUDNN_ATTR_OPERATIONGRAPH_OPS, parts.operations);
    target.graph(graph);
    return graph.finish();
  }

  private Descriptor descriptor(int type, String what) {
    return new Descriptor(owner, calls, type, what + " for " + problem.text());
  }

  private void addOperations() {
    switch (problem.operation()) {
      case FORWARD -> forward(named("x"), named("y"));
      case DATA -> dataGradient();
      case FILTER -> filterGradient();
      case FORWARD_BIAS -> {
        Descriptor conv = between(problem.y("conv"), DType.F32);
        forward(named("x"), conv);
        pointwise(cudnn.CUDNN_POINTWISE_ADD, conv, named("b"), named("y"));
      }
      case FORWARD_BIAS_RELU -> {
        Descriptor conv = between(problem.y("conv"), DType.F32);
        Descriptor biased = between(problem.y("conv + b"), DType.F32);
        forward(named("x"), conv);
        pointwise(cudnn.CUDNN_POINTWISE_ADD, conv, named("b"), biased);
        pointwise(cudnn.CUDNN_POINTWISE_RELU_FWD, biased, null, named("y"));
      }
      case FORWARD_STATISTICS -> {
        forward(named("x"), named("y"));
        statistics();
      }
      case NORM_FORWARD -> forward(normalized(), named("y"));
      case NORM_FORWARD_STATISTICS -> {
        forward(normalized(), named("y"));
        statistics();
      }
    }
  }

  private Descriptor named(String operand) {
    return operands.get(operand);
  }

  private Descriptor tensor(Operand operand, boolean isBetween) {
    ids++;
    Descriptor tensor =
        descriptor(cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR, operand.text())
            .constant(
                cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE,
                cudnn.CUDNN_TYPE_DATA_TYPE,
                operand.type() == DType.BF16 ? cudnn.CUDNN_DATA_BFLOAT16 : cudnn.CUDNN_DATA_FLOAT)
            .longs(cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS, operand.dimensions())
            .longs(cudnn.CUDNN_ATTR_TENSOR_STRIDES, operand.strides())
            .longs(cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID, ids)
            .longs(cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT);
    if (isBetween) {
      tensor.yes(cudnn.CUDNN_ATTR_TENSOR_IS_VIRTUAL);
    }
    return tensor.finish();
  }

  /** A tensor between two operations. */
  private Descriptor between(Operand like, DType type) {
    return tensor(new Operand(like.name(), like.n(), like.c(), like.h(), like.w(), type), true);
  }

  /** Cross-correlation of stride 1, sums in fp32. */
  private Descriptor convolution() {
    int padding = problem.shape().padding();
    return descriptor(cudnn.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, "convolution")
        .longs(cudnn.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2)
        .constant(
            cudnn.CUDNN_ATTR_CONVOLUTION_COMP_TYPE,
            cudnn.CUDNN_TYPE_DATA_TYPE,
            cudnn.CUDNN_DATA_FLOAT)
        .constant(
            cudnn.CUDNN_ATTR_CONVOLUTION_CONV_MODE,
            cudnn.CUDNN_TYPE_CONVOLUTION_MODE,
            cudnn.CUDNN_CROSS_CORRELATION)
        .longs(cudnn.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, padding, padding)
        .longs(cudnn.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, padding, padding)
        .longs(cudnn.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 1, 1)
        .longs(cudnn.CUDNN_ATTR_CONVOLUTION_DILATIONS, 1, 1)
        .finish();
  }

  private void add(Descriptor operation) {
    operations.add(operation.finish());
  }

  private void forward(Descriptor x, Descriptor y) {
    add(
        descriptor(
                cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "convolution forward")
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution())
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x)
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, named("w"))
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y)
            .number(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1)
            .number(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0));
  }

  private void dataGradient() {
    add(
        descriptor(
                cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                "convolution backward data")
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution())
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, named("w"))
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, named("dy"))
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, named("dx"))
            .number(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1)
            .number(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0));
  }

  private void filterGradient() {
    add(
        descriptor(
                cudnn.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                "convolution backward filter")
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution())
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, named("x"))
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, named("dy"))
            .part(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, named("dw"))
            .number(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1)
            .number(cudnn.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0));
  }

  /** max(0, scale x + shift), in the type of x: with bf16, cuDNN offers no plan in fp32. */
  private Descriptor normalized() {
    Descriptor scaled = between(problem.x("scale x"), problem.type());
    Descriptor shifted = between(problem.x("scale x + shift"), problem.type());
    Descriptor activated = between(problem.x("activation"), problem.type());
    pointwise(cudnn.CUDNN_POINTWISE_MUL, named("x"), named("scale"), scaled);
    pointwise(cudnn.CUDNN_POINTWISE_ADD, scaled, named("shift"), shifted);
    pointwise(cudnn.CUDNN_POINTWISE_RELU_FWD, shifted, null, activated);
    return activated;
  }

  private Descriptor pointwise(int mode) {
    Descriptor pointwise =
        descriptor(cudnn.CUDNN_BACKEND_POINTWISE_DESCRIPTOR, "pointwise " + mode)
            .constant(cudnn.CUDNN_ATTR_POINTWISE_MODE, cudnn.CUDNN_TYPE_POINTWISE_MODE, mode)
            .constant(
                cudnn.CUDNN_ATTR_POINTWISE_MATH_PREC,
                cudnn.CUDNN_TYPE_DATA_TYPE,
                cudnn.CUDNN_DATA_FLOAT);
    if (mode == cudnn.CUDNN_POINTWISE_RELU_FWD) {
      // Else max(0, NaN) is 0, and a training that diverges would go on as if nothing were wrong.
      pointwise.constant(
          cudnn.CUDNN_ATTR_POINTWISE_NAN_PROPAGATION,
          cudnn.CUDNN_TYPE_NAN_PROPOGATION,
          cudnn.CUDNN_PROPAGATE_NAN);
    }
    return pointwise.finish();
  }

  /** y = mode(x, b); b is null where the mode has one input. */
  private void pointwise(int mode, Descriptor x, Descriptor b, Descriptor y) {
    Descriptor operation =
        descriptor(cudnn.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, "pointwise operation")
            .part(cudnn.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise(mode))
            .part(cudnn.CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b != null) {
      operation.part(cudnn.CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    }
    add(operation.part(cudnn.CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y));
  }

  private void statistics() {
    add(
        descriptor(cudnn.CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR, "sums and squares")
            .constant(
                cudnn.CUDNN_ATTR_OPERATION_GENSTATS_MODE,
                cudnn.CUDNN_TYPE_GENSTATS_MODE,
                cudnn.CUDNN_GENSTATS_SUM_SQSUM)
            .constant(
                cudnn.CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC,
                cudnn.CUDNN_TYPE_DATA_TYPE,
                cudnn.CUDNN_DATA_FLOAT)
            .part(cudnn.CUDNN_ATTR_OPERATION_GENSTATS_XDESC, named("y"))
            .part(cudnn.CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, named("sums"))
            .part(cudnn.CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, named("squares")));
  }
}
