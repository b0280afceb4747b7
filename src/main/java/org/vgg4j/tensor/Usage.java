package org.vgg4j.tensor;

/**
 * What a plan will be used for.
 *
 * @param training whether the backward methods will be called
 * @param inputGradient whether the gradient of the input will be asked for (a net's first layer
 *     needs none)
 */
public record Usage(boolean training, boolean inputGradient) {
  /** Forward only. */
  public static final Usage INFERENCE = new Usage(false, false);

  /** Forward and the whole backward. */
  public static final Usage TRAINING = new Usage(true, true);

  /** Forward, and backward to the parameters only. */
  public static final Usage FIRST_LAYER = new Usage(true, false);
}
