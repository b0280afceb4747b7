package org.vgg4j.train;

import java.util.List;
import org.vgg4j.io.SafeTensor;

/**
 * An immutable copy of a training on the host.
 *
 * @param state the training's position
 * @param model the net's tensors as in a model file
 * @param optimizer the optimizer's tensors, such as {@code exp_avg.features.0.weight}
 */
public record Snapshot(TrainingState state, List<SafeTensor> model, List<SafeTensor> optimizer) {
  /** Returns this snapshot after {@code count} rollbacks; each divides the learning rate by ten. */
  public Snapshot withRollbacks(int count) {
    return new Snapshot(state.withRollbacks(count), model, optimizer);
  }
}
