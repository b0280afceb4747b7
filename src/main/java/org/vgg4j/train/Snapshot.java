package org.vgg4j.train;

import java.util.List;
import org.vgg4j.io.SafeTensor;

/**
 * A copy of a training on the host, which the training does not change any more.
 *
 * @param state where it stands
 * @param model the net's tensors as a model file has them
 * @param optimizer the optimizer's, named by kind and parameter: {@code exp_avg.features.0.weight}
 */
public record Snapshot(TrainingState state, List<SafeTensor> model, List<SafeTensor> optimizer) {
  /** Returns the same after so many rollbacks, each of which divides the learning rate by ten. */
  public Snapshot withRollbacks(int count) {
    return new Snapshot(state.withRollbacks(count), model, optimizer);
  }
}
