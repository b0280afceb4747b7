package org.vgg4j.tensor;

/**
 * What a plan will be used for.
 *
 * @param training whether the backward methods will be called
 * @param inputGradient whether the gradient of the input will be asked for (a net's first layer
 *     needs none)
 * @param weightGradients whether the gradients of weights and biases will be asked for (a layer
 *     that is not trained needs none)
 * @param exactWeights whether weights must be stored as they are given, in the type that the
 *     optimizer updates; else they may be stored in the type and form that the forward reads
 */
public record Usage(
    boolean training, boolean inputGradient, boolean weightGradients, boolean exactWeights) {
  /** Creates the usage of a layer in a net that is trained, or of one that is not. */
  public Usage(boolean training, boolean inputGradient, boolean weightGradients) {
    this(training, inputGradient, weightGradients, training);
  }

  /** Creates the usage of a layer that is trained, if the net is. */
  public Usage(boolean training, boolean inputGradient) {
    this(training, inputGradient, training);
  }

  /** Forward only. */
  public static final Usage INFERENCE = new Usage(false, false);

  /** Forward only, of a layer whose weights are stored with those of trained layers. */
  public static final Usage FROZEN = new Usage(false, false, false, true);

  /** Forward and the whole backward. */
  public static final Usage TRAINING = new Usage(true, true);

  /** Forward, and backward to the parameters only. */
  public static final Usage FIRST_LAYER = new Usage(true, false);
}
