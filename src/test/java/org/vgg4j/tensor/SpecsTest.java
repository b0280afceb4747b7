package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** The arithmetic of output shapes and the messages of everything that a spec refuses. */
final class SpecsTest {
  @Test
  void convolution() {
    Conv2dSpec spec = new Conv2dSpec(3, 8, 5, 1, true, false);
    assertEquals(Shape.of(8, 3, 5, 5), spec.w());
    assertEquals(Shape.of(8), spec.b());
    assertEquals(Shape.of(2, 8, 4, 7), spec.y(Shape.of(2, 3, 6, 9)));
    assertEquals(Shape.of(2, 8, 1, 1), spec.y(Shape.of(2, 3, 3, 3)));
    Conv2dSpec even = new Conv2dSpec(3, 8, 4, 0, true, false);
    assertEquals(Shape.of(2, 8, 3, 6), even.y(Shape.of(2, 3, 6, 9)));
    refuses(
        "a padded convolution's kernel must be odd, not 4",
        () -> new Conv2dSpec(3, 8, 4, 1, true, false));
    refuses(
        "a 5x5 convolution with padding 1 does not fit an image of 2x3x2x9",
        () -> spec.y(Shape.of(2, 3, 2, 9)));
    refuses(
        "a 5x5 convolution with padding 1 does not fit an image of 2x3x9x2",
        () -> spec.y(Shape.of(2, 3, 9, 2)));
    refuses(
        "convolution for 3 channels got a tensor of shape 2x4x6x6",
        () -> spec.y(Shape.of(2, 4, 6, 6)));
    refuses(
        "convolution takes (N, C, H, W), not a tensor of shape 3x6x6",
        () -> spec.y(Shape.of(3, 6, 6)));
    refuses(
        "convolution input channels must be at least 1, not 0",
        () -> new Conv2dSpec(0, 8, 3, 1, true, false));
    refuses(
        "convolution output channels must be at least 1, not -1",
        () -> new Conv2dSpec(3, -1, 3, 1, true, false));
    refuses(
        "convolution kernel must be at least 1, not 0",
        () -> new Conv2dSpec(3, 8, 0, 0, true, false));
    refuses("convolution padding 3 is not in 0..2", () -> new Conv2dSpec(3, 8, 3, 3, true, false));
    refuses(
        "convolution padding -1 is not in 0..2", () -> new Conv2dSpec(3, 8, 3, -1, true, false));
  }

  @Test
  void batchNorm() {
    BatchNorm2dSpec spec = BatchNorm2dSpec.of(3, true);
    assertEquals(new BatchNorm2dSpec(3, 1e-5, 0.1, true, false), spec);
    assertEquals(Shape.of(3), spec.parameter());
    assertEquals(Shape.of(2, 3, 4, 5), spec.y(Shape.of(2, 3, 4, 5)));
    refuses(
        "batch norm for 3 channels got a tensor of shape 2x4x6x6",
        () -> spec.y(Shape.of(2, 4, 6, 6)));
    refuses("batch norm channels must be at least 1, not 0", () -> BatchNorm2dSpec.of(0, false));
    refuses(
        "batch norm epsilon must be positive, not 0.0",
        () -> new BatchNorm2dSpec(3, 0, 0.1, false, false));
    refuses(
        "batch norm epsilon must be positive, not NaN",
        () -> new BatchNorm2dSpec(3, Double.NaN, 0.1, false, false));
    refuses(
        "batch norm averaging factor must be in [0, 1], not 1.5",
        () -> new BatchNorm2dSpec(3, 1e-5, 1.5, false, false));
  }

  @Test
  void maxPool() {
    MaxPool2dSpec spec = new MaxPool2dSpec(3, 2);
    assertEquals(Shape.of(2, 3, 2, 3), spec.y(Shape.of(2, 3, 6, 7)));
    refuses(
        "a 3x3 max-pool does not fit a tensor of shape 2x3x2x7",
        () -> spec.y(Shape.of(2, 3, 2, 7)));
    refuses("a 3x3 max-pool does not fit a tensor of shape 3x6x7", () -> spec.y(Shape.of(3, 6, 7)));
    refuses("max-pool kernel must be at least 1, not 0", () -> new MaxPool2dSpec(0, 1));
    refuses("max-pool stride must be at least 1, not 0", () -> new MaxPool2dSpec(1, 0));
  }

  @Test
  void linear() {
    LinearSpec spec = new LinearSpec(12, 5, false);
    assertEquals(Shape.of(5, 12), spec.w());
    assertEquals(Shape.of(5), spec.b());
    assertEquals(Shape.of(7, 5), spec.y(Shape.of(7, 12)));
    assertEquals(Shape.of(7, 5), spec.y(Shape.of(7, 3, 2, 2)));
    refuses(
        "a linear layer of 12 features got a tensor of shape 7x11", () -> spec.y(Shape.of(7, 11)));
    refuses("a linear layer of 12 features got a tensor of shape 12", () -> spec.y(Shape.of(12)));
    refuses("linear input features must be at least 1, not 0", () -> new LinearSpec(0, 5, false));
    refuses("linear output features must be at least 1, not 0", () -> new LinearSpec(5, 0, false));
  }

  @Test
  void dropout() {
    DropoutSpec spec = new DropoutSpec(0.25, 3);
    assertEquals(1 << 22, spec.threshold());
    assertEquals(4.0 / 3, spec.scale(), 1e-15);
    assertEquals(0, new DropoutSpec(0, 3).threshold());
    refuses("dropout probability must be in [0, 1), not 1.0", () -> new DropoutSpec(1, 3));
    refuses("dropout probability must be in [0, 1), not -0.5", () -> new DropoutSpec(-0.5, 3));
    refuses("dropout probability must be in [0, 1), not NaN", () -> new DropoutSpec(Double.NaN, 3));
  }

  @Test
  void localResponseNorm() {
    refuses("local response norm size must be odd, not 4", () -> new LrnSpec(4, 1e-4, 0.75, 2));
    refuses(
        "local response norm size must be at least 1, not 0", () -> new LrnSpec(0, 1e-4, 0.75, 2));
    refuses("local response norm k must be positive, not 0.0", () -> new LrnSpec(5, 1e-4, 0.75, 0));
  }

  @Test
  void optimizers() {
    refuses(
        "Adam's betas must be in [0, 1), not 1.0, 0.999", () -> new AdamSpec(1, 0.999, 1e-8, 0));
    refuses(
        "Adam's betas must be in [0, 1), not 0.9, NaN",
        () -> new AdamSpec(0.9, Double.NaN, 1e-8, 0));
    refuses(
        "Adam needs a positive epsilon and a weight decay of at least 0, not 0.0, 0.0",
        () -> new AdamSpec(0.9, 0.999, 0, 0));
    refuses(
        "Adam needs a positive epsilon and a weight decay of at least 0, not 1.0E-8, -1.0",
        () -> new AdamSpec(0.9, 0.999, 1e-8, -1));
    refuses(
        "SGD needs a momentum in [0, 1) and a weight decay of at least 0, not 1.0, 0.0",
        () -> new SgdSpec(1, 0));
    refuses(
        "SGD needs a momentum in [0, 1) and a weight decay of at least 0, not 0.9, -0.1",
        () -> new SgdSpec(0.9, -0.1));
  }

  @Test
  void block() {
    Conv2dSpec conv = new Conv2dSpec(3, 8, 3, 1, false, false);
    refuses(
        "a block's convolution has no ReLU of its own",
        () -> new ConvBlockSpec(new Conv2dSpec(3, 8, 3, 1, true, true), null, null));
    refuses(
        "a block's batch norm has the convolution's 8 channels and a ReLU",
        () -> new ConvBlockSpec(conv, BatchNorm2dSpec.of(7, true), null));
    refuses(
        "a block's batch norm has the convolution's 8 channels and a ReLU",
        () -> new ConvBlockSpec(conv, BatchNorm2dSpec.of(8, false), null));
  }

  private static void refuses(String message, Runnable action) {
    assertEquals(message, assertThrows(InvalidInputException.class, action::run).getMessage());
  }
}
