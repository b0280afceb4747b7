package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** What the engine refuses to take as an operand, and in which words. */
@OnCuda
final class CudaOperandTest {
  private static final Conv2dSpec CONV = new Conv2dSpec(3, 8, 3, 1, true, false);
  private static final Shape X = Shape.of(2, 3, 4, 4);

  private final Closing closing = new Closing();
  private CudaBackend backend;
  private WeightedPlan conv;
  private Tensor x;
  private Tensor w;
  private Tensor b;
  private Tensor y;

  @BeforeEach
  void plan() {
    backend = closing.own(CudaUnderTest.open());
    conv = closing.own(backend.conv2d(CONV, layout(X), null, Usage.INFERENCE));
    x = tensor(backend, X);
    w = tensor(backend, CONV.w());
    b = tensor(backend, CONV.b());
    y = tensor(backend, CONV.y(X));
  }

  @AfterEach
  void close() {
    closing.close();
  }

  private Layout layout(Shape shape) {
    return backend.plainLayout(shape, DType.F32);
  }

  private Tensor tensor(Backend owner, Shape shape) {
    Layout layout = owner.plainLayout(shape, owner.types().activation());
    Arena arena = closing.own(owner.allocate(Arena.align(layout.bytes())));
    return arena.tensor(0, layout);
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void operandsThatDoNotFit() {
    conv.forward(x, w, b, y);
    Tensor seven = tensor(backend, Shape.of(7));
    refused(
        "convolution b was planned for " + layout(Shape.of(8)) + " and got " + layout(Shape.of(7)),
        () -> conv.forward(x, w, seven, y));
    refused("convolution b is missing", () -> conv.forward(x, w, null, y));
  }

  @Test
  void tensorsOfOtherEngines() {
    String refusal = "convolution x got a tensor of another engine";
    Backend reference = closing.own(Backends.open("reference").backend());
    Tensor onHost = tensor(reference, X);
    refused(refusal, () -> conv.forward(onHost, w, b, y));
    CudaBackend second = closing.own(CudaUnderTest.open());
    Tensor ofSecond = tensor(second, X);
    refused(refusal, () -> conv.forward(ofSecond, w, b, y));
  }

  @Test
  void slabsAndStatesOfAnotherGpuEngine() {
    CudaBackend second = closing.own(CudaUnderTest.open());
    Arena own = closing.own(backend.allocate(256));
    Arena other = closing.own(second.allocate(256));
    StepState state = closing.own(backend.newStepState());
    StepState otherState = closing.own(second.newStepState());
    SgdSpec sgd = new SgdSpec(0, 0);
    refused(
        "a slab of another engine was given to the GPU engine",
        () -> backend.sgd(sgd, new ParameterSlabs(own, other), null, state));
    refused(
        "a state of another engine was given to the GPU engine",
        () -> backend.dropout(new DropoutSpec(0.5, 1), layout(X), otherState));
  }

  @Test
  void closedMemory() {
    Arena arena = backend.allocate(Arena.align(x.layout().bytes()));
    Tensor gone = arena.tensor(0, layout(X));
    arena.close();
    assertEquals(
        "this memory was closed",
        assertThrows(IllegalStateException.class, () -> conv.forward(gone, w, b, y)).getMessage());
  }

  @Test
  void valuesOfAChannelHaveNames() {
    BatchNorm2dPlan norm =
        closing.own(
            backend.batchNorm2d(
                new BatchNorm2dSpec(3, 1e-5, 0.1, false, false), layout(X), Usage.INFERENCE));
    Tensor channel = tensor(backend, Shape.of(3));
    Tensor out = tensor(backend, X);
    refused(
        "batch norm gamma is missing",
        () -> norm.forwardInference(x, null, channel, channel, channel, out));
    refused(
        "batch norm runningVar is missing",
        () -> norm.forwardInference(x, channel, channel, channel, null, out));
  }

  @Test
  void weightsThatLieOtherwise() {
    Layout other = layout(Shape.of(8, 3, 5, 5));
    backend.conv2d(CONV, layout(X), conv.w(), Usage.INFERENCE).close();
    refused(
        "convolution w exists as " + other + " and must be " + layout(CONV.w()),
        () -> backend.conv2d(CONV, layout(X), other, Usage.INFERENCE));
    LinearSpec linear = new LinearSpec(48, 5, false);
    refused(
        "linear layer w exists as "
            + other
            + " and must be "
            + CudaLayout.of(layout(X)).linearWeights(linear.w()),
        () -> backend.linear(linear, layout(X), other, Usage.INFERENCE));
  }
}
