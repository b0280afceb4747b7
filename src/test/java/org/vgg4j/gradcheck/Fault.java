package org.vgg4j.gradcheck;

import java.util.function.Function;
import org.vgg4j.nn.Module;

/** What can be wrong with a backward: thirteen kinds, some in several forms. */
enum Fault {
  WRONG_SIGN("wrong sign", "x", ResidualTanh::new),
  WRONG_FACTOR("wrong factor", "x", ResidualTanh::new),
  MISSING_TERM("missing term", "x", ResidualTanh::new),
  TRANSPOSED("transposed", "x", ResidualTanh::new),
  INPUT_OF_THE_FIRST_FORWARD("stale input", "weight", ResidualTanh::new),
  INPUT_OF_THE_FORMER_FORWARD("stale input", "weight", ResidualTanh::new),
  WEIGHTS_OF_THE_FIRST_FORWARD("stale input", "x", ResidualTanh::new),
  MASK_OF_THE_FIRST_FORWARD("stale mask", "x", LeakyDropout::new),
  MASK_OF_THE_FORMER_FORWARD("stale mask", "x", LeakyDropout::new),
  DROPS_AS_IN_THE_FIRST_FORWARD("stale mask", "x", LeakyDropout::new),
  ACCUMULATING_DX("accumulating dx", "x", ResidualTanh::new),
  ACCUMULATING_DW("accumulating dw", "weight", ResidualTanh::new),
  FIRST_CALL("second call", "x", ResidualTanh::new),
  SECOND_CALL("second call", "x", ResidualTanh::new),
  SECOND_CALL_AFTER_ONE_FORWARD("second call", "weight", ResidualTanh::new),
  WRONG_BATCH_SCALING("wrong batch scaling", "weight", ResidualTanh::new),
  READS_Y_AFTER_A_SUM_IN_PLACE("reads y after it was overwritten", "x", ResidualTanh::new),
  READS_Y_AFTER_DX_OVERWROTE_IT("reads y after it was overwritten", "weight", ResidualTanh::new),
  READS_Y_FROM_GRADIENT_MEMORY("reads y after it was overwritten", "x", ResidualTanh::new),
  NAN_IN_UNUSED_SLOTS("NaN in unused slots", "x", ResidualTanh::new),
  BACKWARD_OF_EVALUATION("training and evaluation mixed", "x", Centered::new),
  BACKWARD_OF_TRAINING("training and evaluation mixed", "x", Centered::new, false),
  EVALUATION_LEAVES_A_TRACE("training and evaluation mixed", "x", Centered::new);

  final String kind;
  final String tensor; // one whose gradient is wrong

  @SuppressWarnings("ImmutableEnumChecker") // a constructor, which has no state
  private final Function<Fault, Module> layer;

  final boolean training; // whether it shows in training, else in evaluation

  Fault(String kind, String tensor, Function<Fault, Module> layer) {
    this(kind, tensor, layer, true);
  }

  Fault(String kind, String tensor, Function<Fault, Module> layer, boolean training) {
    this.kind = kind;
    this.tensor = tensor;
    this.layer = layer;
    this.training = training;
  }

  /** Returns the layer with this fault. */
  Module wrong() {
    return layer.apply(this);
  }

  /** Returns the same layer without it. */
  Module right() {
    return layer.apply(null);
  }
}
