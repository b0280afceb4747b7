package org.vgg4j.train;

import java.util.List;
import java.util.function.Consumer;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.LossTotals;

/** What a training continues from: copied, restored, and brought to all ranks. */
final class Continuation {
  private final Network network;
  private final TrainingStep step;
  private final TrainingTensors tensors;
  private final TrainingPosition position;
  private final CrossEntropyLoss loss;
  private final Ranks ranks;
  private TrainingState start; // that was restored and the other ranks do not know, else null
  private boolean isCommon; // every rank has what rank 0 has

  Continuation(
      Network network,
      TrainingStep step,
      TrainingTensors tensors,
      TrainingPosition position,
      Ranks ranks) {
    this.network = network;
    this.step = step;
    this.tensors = tensors;
    this.position = position;
    this.loss = network.loss();
    this.ranks = ranks;
  }

  /** Returns the position with this rank's losses. */
  TrainingState state() {
    return position.state(List.of(loss.totals()));
  }

  /**
   * Copies everything; all ranks come here at the same step.
   *
   * @param wanted whether this rank makes the copy
   * @param old a copy that the new one overwrites; null for none
   * @param check refuses losses of all ranks that are not finite
   * @return null where it is not wanted
   */
  Snapshot capture(boolean wanted, Snapshot old, Consumer<LossTotals> check) {
    List<LossTotals> parts = ranks.gather(loss.totals());
    check.accept(Ranks.sum(parts));
    step.startAverage();
    tensors.requireFinite();
    return wanted ? tensors.copy(position.state(parts), old) : null;
  }

  /** Goes to rank 0's snapshot, with all ranks. */
  void restore(Snapshot snapshot) {
    if (ranks.shard().rank() == 0) {
      try {
        tensors.restore(snapshot);
      } catch (RuntimeException | Error e) {
        ranks.collective().abort();
        throw e;
      }
      start = snapshot.state();
      moveTo(start);
    }
    isCommon = false;
    begin();
  }

  private void moveTo(TrainingState state) {
    position.restore(state);
    if (state.batch() > 0) {
      loss.restoreTotals(state.totalsOf(ranks.shard()));
    } else {
      loss.resetTotals();
    }
    step.reset();
  }

  /** Brings all ranks to where rank 0 is, unless they are there. */
  void begin() {
    if (ranks.isAlone()) {
      return;
    }
    byte[] isThere = ranks.collective().broadcast(new byte[] {(byte) (isCommon ? 1 : 0)});
    if (isThere[0] == 0) {
      step.startAverage();
      moveTo(
          new CommonStart(network, step, ranks.collective()).take(start == null ? state() : start));
      isCommon = true;
      start = null;
    }
    ranks.sum(loss.totals()); // and whether one is to stop
  }
}
