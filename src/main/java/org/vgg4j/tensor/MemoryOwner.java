package org.vgg4j.tensor;

/** The names by which vgg4j itself takes memory, for {@link Backend#allocate(long, String)}. */
public final class MemoryOwner {
  /** The trained values. */
  public static final String PARAMETERS = "parameters";

  /** The copies of the trained values that plans read, in a narrower type. */
  public static final String WEIGHT_COPIES = "weight copies";

  /** The gradients of the trained values. */
  public static final String GRADIENTS = "gradients";

  /** The sum of the gradients of a step's passes. */
  public static final String GRADIENT_SUM = "sum of gradients";

  /** What an optimizer keeps of the gradients before. */
  public static final String MOMENTS = "moments";

  /** The running average of the trained values and of the running statistics. */
  public static final String AVERAGES = "averages";

  /** Running statistics of batch norms. */
  public static final String STATISTICS = "running statistics";

  /** What a forward pass writes. */
  public static final String ACTIVATIONS = "activations";

  /** What a backward pass writes besides the gradients of the trained values. */
  public static final String ACTIVATION_GRADIENTS = "activation gradients";

  /** A net's input. */
  public static final String INPUTS = "inputs";

  /** Images as bytes, before the engine makes an input of them. */
  public static final String IMAGES = "images";

  /** The classes of a batch's images. */
  public static final String LABELS = "labels";

  /** What plans share for the time of one call. */
  public static final String WORKSPACE = "workspace";

  /** What one operation needs for the time of one call, and does not share. */
  public static final String SCRATCH = "scratch";

  /** What values pass through between host and engine, or between orders and types. */
  public static final String STAGING = "staging";

  /** What changes from step to step: its number, the learning rate. */
  public static final String STEP_STATE = "step state";

  /** The totals of losses. */
  public static final String LOSS_TOTALS = "loss totals";

  /** A data set that lies in the engine's memory as a whole. */
  public static final String DATA_SET = "data set";

  /** What variants and ceilings are timed on. */
  public static final String TIMING = "timing";

  /** What was taken without a name. */
  public static final String OTHER = "other";

  private MemoryOwner() {}
}
