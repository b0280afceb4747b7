package org.vgg4j.evaluation;

/** One way to show a net the pictures of a scale. */
interface ScaleTest {
  /**
   * Shows pictures.
   *
   * @param weight of all that is shown of one picture, in the mean of all probabilities
   */
  void see(PictureBatch pictures, int scale, double weight, PosteriorSums sums);

  /** Shows what has waited for a full batch. */
  void finish(PosteriorSums sums);
}
