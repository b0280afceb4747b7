package org.vgg4j.tensor;

/**
 * A planned way of images of bytes into a net, as {@link ImageViewSpec}: those of a batch, or those
 * of a whole data set that lie in an engine's memory, of which a batch takes the next ones of the
 * table.
 *
 * <p>Shapes: the images' bytes and the table as the spec says, of type U8; x (N, C, S, S); labels
 * (N), of type I32.
 */
public interface ImageViewPlan extends Plan {
  /**
   * Overwrites x and the labels: row n takes the table's row {@code first + n}, where the batch
   * begins at {@link StepState#first} of the state that the plan was made with, at 0 without one.
   * Rows behind the last image take the last.
   *
   * @param table a {@link ImageRow} for each image
   * @param labels null where nobody asks for them
   */
  void forward(Tensor images, Tensor table, Tensor x, Tensor labels);
}
