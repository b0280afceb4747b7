package org.vgg4j.tensor;

/** A planned resizing of a batch of images of bytes into a net's input, as {@link ImageSpec}. */
public interface ImagePlan extends Plan {
  /** Returns the layout of the images of bytes: (N, C0, H0, W0), of type U8. */
  Layout bytes();

  /** Overwrites x (N, C, S, S) with the images. */
  void forward(Tensor bytes, Tensor x);
}
