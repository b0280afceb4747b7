package org.vgg4j.evaluation;

/** Hears of a net's answer to each image of a data set, in the order of the images. */
public interface AnswerListener {
  /**
   * An image was classified.
   *
   * @param image its number in the data set
   * @param label its class
   * @param logProbabilities of each class; the answer is the first of the largest
   */
  void answered(int image, int label, double[] logProbabilities);
}
