package org.vgg4j.run;

import java.io.IOException;
import java.util.function.Consumer;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.DivergedException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;

/**
 * What happens when the loss or a weight is not finite: the training stops, or goes back to the
 * last checkpoint at a tenth of the learning rate.
 */
public enum NanPolicy {
  /** The training stops. */
  STOP,
  /** The training goes back, at most {@link #MOST_ROLLBACKS} times in a run. */
  ROLLBACK;

  /** How often a run may go back. */
  public static final int MOST_ROLLBACKS = 3;

  /**
   * Returns the one that a name stands for: stop or rollback.
   *
   * @throws InvalidInputException when it is neither
   */
  public static NanPolicy of(String name) {
    return Choice.of("onNan", NanPolicy.class, name);
  }

  /**
   * Trains to the end and writes the run's files.
   *
   * @param report takes a line at each rollback
   * @return the metrics of the last finished epoch, null when it was stopped before
   * @throws DivergedException when the loss or a weight was not finite and the run may not go back
   * @throws IOException when the end of the training could not be written
   */
  public EpochMetrics fit(
      Trainer trainer,
      Checkpointer checkpointer,
      CheckpointStore store,
      ImageSource train,
      ImageSource test,
      TrainingListener listener,
      Consumer<String> report)
      throws IOException {
    if (this == ROLLBACK && checkpointer.saved() == null) {
      checkpointer.saveNow(); // so that there is always something to go back to
    }
    while (true) {
      try {
        EpochMetrics last = trainer.fit(train, test, TrainingListener.all(listener, checkpointer));
        checkpointer.finish();
        return last;
      } catch (DivergedException e) {
        checkpointer.await();
        int rollbacks = trainer.state().rollbacks() + 1;
        if (this == STOP || rollbacks > MOST_ROLLBACKS) {
          throw e;
        }
        CheckpointStore.Loaded last = store.newestValid(report);
        if (last == null) {
          throw e;
        }
        trainer.restore(last.snapshot().withRollbacks(rollbacks));
        Checkpoint to = last.checkpoint();
        report.accept(
            "%s; back to %s (%s) at a tenth of the learning rate, %d of %d times"
                .formatted(
                    e.getMessage(), to.label(), to.state().place(), rollbacks, MOST_ROLLBACKS));
        checkpointer.saveNow();
      }
    }
  }
}
