package org.vgg4j.tensor;

/**
 * Max pooling over square windows without padding; of equal values the first in row-major order
 * wins.
 *
 * @param kernel the window's side
 * @param stride the step between windows
 */
public record MaxPool2dSpec(int kernel, int stride) {
  /** Checks the fields. */
  public MaxPool2dSpec {
    Specs.positive("max-pool kernel", kernel);
    Specs.positive("max-pool stride", stride);
  }

  /** Returns the shape of the output, incomplete windows left out. */
  public Shape y(Shape x) {
    if (x.rank() != 4 || x.dim(2) < kernel || x.dim(3) < kernel) {
      throw new InvalidInputException(
          "a " + kernel + "x" + kernel + " max-pool does not fit a tensor of shape " + x);
    }
    return Shape.of(
        x.dim(0), x.dim(1), (x.dim(2) - kernel) / stride + 1, (x.dim(3) - kernel) / stride + 1);
  }
}
