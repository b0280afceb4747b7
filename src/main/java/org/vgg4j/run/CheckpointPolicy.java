package org.vgg4j.run;

import org.vgg4j.tensor.InvalidInputException;

/**
 * When a run writes checkpoints, how many it keeps and what it does when it diverges. A run may be
 * resumed with another policy.
 *
 * @param interval how often a checkpoint is due besides those at each epoch's end
 * @param keep how many of the newest stay, besides the best; at least 1
 * @param onNan what happens when the loss or a weight is not finite
 */
public record CheckpointPolicy(CheckpointInterval interval, int keep, NanPolicy onNan) {
  /** Every ten minutes, three checkpoints, and the end of a training that diverges. */
  public static final CheckpointPolicy DEFAULT =
      new CheckpointPolicy(new CheckpointInterval(0, 600), 3, NanPolicy.STOP);

  /** Checks the number to keep. */
  public CheckpointPolicy {
    InvalidInputException.requireAtLeast(1, "keepCheckpoints", keep);
  }
}
