package org.vgg4j.backend.cuda.graph;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaStatus;
import org.vgg4j.backend.cuda.calls.CudnnBackendCalls;
import org.vgg4j.backend.cuda.calls.GpuInfo;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;

/** The GPU that plans are made for: one that is open, or one that is only described. */
final class PlanTarget {
  /** The oldest compute capability with arithmetic in bf16, times 10. */
  private static final int BF16_CAPABILITY = 80;

  private final CudnnBackendCalls calls;
  private final CudaContext context; // null for a described one
  private final Descriptor device; // null for an open one
  private final String name;
  private final int capability; // major and minor number, 90 for 9.0

  private PlanTarget(
      CudnnBackendCalls calls,
      CudaContext context,
      Descriptor device,
      String name,
      int capability) {
    this.calls = calls;
    this.context = context;
    this.device = device;
    this.name = name;
    this.capability = capability;
  }

  static PlanTarget of(CudaContext context) {
    GpuInfo info = context.info();
    return new PlanTarget(
        new CudnnBackendCalls(context.status()),
        context,
        null,
        info.name(),
        10 * info.major() + info.minor());
  }

  /** Hands cuDNN the description; {@code owner} frees it. */
  static PlanTarget of(Closing owner, DeviceDescription description) {
    CudnnBackendCalls calls = new CudnnBackendCalls(CudaStatus.withoutDevice());
    Descriptor device =
        new Descriptor(
                owner,
                calls,
                cudnn.CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR,
                "the description of " + description.productName())
            .text(
                cudnn.CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                description.json().getBytes(StandardCharsets.UTF_8))
            .finish();
    return new PlanTarget(calls, null, device, description.productName(), description.capability());
  }

  CudnnBackendCalls calls() {
    return calls;
  }

  /** Returns the open GPU, null for a described one. */
  CudaContext context() {
    return context;
  }

  String name() {
    return name;
  }

  /**
   * Checks that the GPU computes in a type.
   *
   * @throws InvalidInputException when it does not
   */
  void require(DType type) {
    require(type, name, capability);
  }

  static void require(DType type, String name, int capability) {
    if (type == DType.BF16 && capability < BF16_CAPABILITY) {
      throw InvalidInputException.of(
          "precision",
          "bf16 needs a GPU of compute capability 8.0 or newer; %s has %d.%d: use tf32 or fp32"
              .formatted(name, capability / 10, capability % 10));
    }
  }

  /** Says for which GPU an operation graph is; a description is only given to what follows. */
  void graph(Descriptor graph) {
    if (context != null) {
      graph.gpu(cudnn.CUDNN_ATTR_OPERATIONGRAPH_HANDLE, context);
    }
  }

  void heuristics(Descriptor heuristics) {
    if (device != null) {
      heuristics.part(cudnn.CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device);
    }
  }

  void engine(Descriptor engine) {
    if (device != null) {
      engine.part(cudnn.CUDNN_ATTR_ENGINE_DEVICEPROP, device);
    }
  }

  void plan(Descriptor plan) {
    if (device != null) {
      plan.part(cudnn.CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device);
    } else {
      plan.gpu(cudnn.CUDNN_ATTR_EXECUTION_PLAN_HANDLE, context);
    }
  }
}
