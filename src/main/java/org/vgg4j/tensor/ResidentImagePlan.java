package org.vgg4j.tensor;

/**
 * A planned way into a net of images that lie in an engine's memory, all those of a data set: a
 * batch is taken from them by index, with its labels, and becomes the net's input as {@link
 * ImageSpec} says.
 *
 * <p>Shapes: images (count, C0, H0, W0) of type U8; all labels and the order (count), x (N, C, S,
 * S), labels (N), integers of type I32.
 */
public interface ResidentImagePlan extends Plan {
  /**
   * Overwrites x and the labels: row n takes the image {@code order[first + n]}, where the batch
   * begins at {@link StepState#first} of the state that the plan was made with. Rows behind the
   * last image take the last.
   */
  void forward(Tensor images, Tensor allLabels, Tensor order, Tensor x, Tensor labels);
}
