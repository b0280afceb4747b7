package org.vgg4j.tensor;

/** What convolutions and fully connected layers have in common. */
public sealed interface WeightedSpec permits Conv2dSpec, LinearSpec {
  /** Returns the shape of the weights, outputs first. */
  Shape w();

  /** Returns the shape of the bias: (K) or (O). */
  default Shape b() {
    return Shape.of(w().dim(0));
  }

  /** Returns the shape of the output for an input of shape {@code x}. */
  Shape y(Shape x);

  /** Returns whether there is a bias; a fully connected layer always has one. */
  default boolean bias() {
    return true;
  }

  /** Returns whether the forward applies max(., 0) to its output. */
  boolean relu();

  /** Returns how many inputs an output depends on: C R S or I. */
  default long fanIn() {
    return w().elementCount() / w().dim(0);
  }

  /** Returns how many outputs depend on an input: K R S or O. */
  default long fanOut() {
    return w().elementCount() / w().dim(1);
  }

  /** Returns the multiply-adds of a forward over an input of shape {@code x}. */
  default long multiplyAdds(Shape x) {
    return y(x).elementCount() * fanIn();
  }
}
