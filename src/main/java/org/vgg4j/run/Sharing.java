package org.vgg4j.run;

import org.vgg4j.collective.Collective;
import org.vgg4j.nn.NormSums;

/**
 * How ranks share a training.
 *
 * @param ranks that share it
 * @param syncBatchNorm whether batch norms take their statistics over all ranks
 */
record Sharing(Collective ranks, boolean syncBatchNorm) {
  /** A training of one rank. */
  static final Sharing NONE = new Sharing(Collective.alone(), false);

  /** Returns what adds up the statistics for one net; null where norms have their own. */
  NormSums norms() {
    return syncBatchNorm && ranks.world() > 1 ? new NormSums(ranks) : null;
  }
}
