package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.vgg4j.collective.Agreement;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.io.FileChecksums;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.ForceFailedException;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.DivergedException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.FlightEvents;
import org.vgg4j.train.Snapshot;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingState;

/**
 * Writes the files of a run while it trains: checkpoints when they are due, and metrics and model
 * after each epoch. The training thread only copies; another thread writes. What falls due while a
 * save is under way is skipped, and what cannot be written is said, but neither holds the training
 * up.
 *
 * <p>Of several ranks only rank 0 writes. The others come to each copy, since their losses belong
 * to it, whether rank 0 then makes it or not.
 */
final class Checkpointer implements TrainingListener, AutoCloseable {
  private final Trainer trainer;
  private final Collective ranks;
  private final RunDirectory run; // null on ranks other than 0, as is the store
  private final CheckpointStore store;
  private final Supplier<Contents> contents;
  private final CheckpointInterval interval;
  private final Consumer<String> report;
  private final ExecutorService disk = Executors.newSingleThreadExecutor(Checkpointer::thread);
  private final AtomicBoolean saving = new AtomicBoolean();
  private Snapshot copy; // the newest, whose memory the next takes; null before the first
  private volatile TrainingState saved; // the newest state that is in a checkpoint
  private volatile IOException failure; // of the last save, null when it was written
  private long lastDue = System.nanoTime();

  /**
   * What a run's files say beside the training's state.
   *
   * @param net the net
   * @param preprocessing how an image becomes its input
   * @param classNames the names of its classes
   * @param config the run's configuration
   */
  record Contents(
      VggConfig net,
      Preprocessing preprocessing,
      List<String> classNames,
      Map<String, Object> config) {
    FileChecksums writeModel(Snapshot snapshot, Path file, FileOperations files)
        throws IOException {
      return ModelFile.write(net, preprocessing, classNames, snapshot.model(), file, files);
    }
  }

  /**
   * Starts the thread that writes.
   *
   * @param contents asked at every checkpoint, on the trainer's thread
   * @param resumed the state that the trainer goes on from; null at the beginning
   * @param report takes each line that the user should see, on any thread
   */
  Checkpointer(
      Trainer trainer,
      Collective ranks,
      RunDirectory run,
      CheckpointStore store,
      Supplier<Contents> contents,
      CheckpointInterval interval,
      TrainingState resumed,
      Consumer<String> report) {
    this.trainer = trainer;
    this.ranks = ranks;
    trainer.captureWhen(this::isTimeDue);
    this.run = run;
    this.store = store;
    this.contents = contents;
    this.interval = interval;
    this.saved = resumed;
    this.report = report;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "vgg4j-checkpoints");
    thread.setDaemon(true); // close() waits for it
    return thread;
  }

  private boolean isTimeDue() {
    return run != null && interval.isTimeDue((System.nanoTime() - lastDue) / 1e9);
  }

  @Override
  public void stepDone(long step) {
    if (trainer.takeCaptureDue() || interval.isStepDue(step)) {
      lastDue = System.nanoTime();
      saveUnlessBusy(run != null);
    }
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    if (!saveUnlessBusy(run != null) && run != null) {
      List<EpochMetrics> finished = trainer.state().finished();
      disk.execute(() -> writeMetrics(finished));
    }
  }

  /**
   * Copies and leaves the rest to the other thread, where a checkpoint is wanted; returns whether
   * there will be one.
   */
  private boolean saveUnlessBusy(boolean wanted) {
    boolean writes = wanted && saving.compareAndSet(false, true);
    if (wanted && !writes) {
      report.accept(
          "checkpoint skipped at "
              + trainer.state().place()
              + ": the one before is still being written");
    }
    if (!writes && ranks.world() == 1) {
      return false;
    }
    try {
      if (!writes) {
        trainer.capture(false, null);
        return false;
      }
      copy = trainer.capture(true, copy);
      Snapshot snapshot = copy;
      Contents now = contents.get();
      disk.execute(() -> saveAndFree(snapshot, now));
      return true;
    } catch (OutOfMemoryError e) {
      saving.set(false);
      fail("the Java heap has no room for a copy", new IOException(e));
      return false;
    } catch (RuntimeException e) {
      saving.set(false);
      throw e;
    }
  }

  private void saveAndFree(Snapshot snapshot, Contents now) {
    try {
      save(snapshot, now);
    } finally {
      saving.set(false);
    }
  }

  private void save(Snapshot snapshot, Contents now) {
    try {
      try {
        write(snapshot, now);
      } catch (ForceFailedException e) {
        report.accept("checkpoint: " + e.getMessage() + "; trying a new file");
        write(snapshot, now);
      }
    } catch (IOException e) {
      fail("checkpoint of " + snapshot.state().place() + " failed: " + e.getMessage(), e);
      return;
    } catch (RuntimeException e) {
      fail("checkpoint of " + snapshot.state().place() + " failed: " + e, new IOException(e));
      return;
    }
    saved = snapshot.state();
    failure = null;
    try {
      store.prune();
    } catch (IOException e) {
      report.accept("old checkpoints cannot be removed: " + e.getMessage());
    }
  }

  /** The checkpoint comes last: what it says is finished is in the other files. */
  private void write(Snapshot snapshot, Contents now) throws IOException {
    TrainingState state = snapshot.state();
    if (state.endsEpoch()) {
      run.writeMetrics(state.finished());
    }
    CheckpointEvent event = FlightEvents.begin(CheckpointEvent::new);
    Checkpoint written = store.save(snapshot, now, state.endsEpoch() ? run.model() : null);
    if (FlightEvents.end(event)) {
      event.number = state.step();
      event.bytes = written.bytes();
      event.commit();
    }
  }

  private void writeMetrics(List<EpochMetrics> finished) {
    try {
      run.writeMetrics(finished);
    } catch (IOException e) {
      report.accept(e.getMessage() + "; training goes on");
    }
  }

  private void fail(String message, IOException e) {
    failure = e;
    TrainingState last = saved;
    report.accept(
        message
            + "; training goes on, "
            + (last == null ? "there is no checkpoint yet" : "the last is of " + last.place()));
  }

  /**
   * Trains to the end and writes the run's files.
   *
   * @return the metrics of the last finished epoch, null when it was stopped before
   * @throws DivergedException when the loss or a weight was not finite and the run may not go back
   * @throws IOException when the end of the training could not be written
   */
  EpochMetrics fit(NanPolicy onNan, ImageSource train, ImageSource test, TrainingListener listener)
      throws IOException {
    if (onNan == NanPolicy.ROLLBACK && saved == null) {
      saveNow(); // so that there is always something to go back to
    }
    while (true) {
      try {
        EpochMetrics last = trainer.fit(train, test, TrainingListener.all(listener, this));
        saveNow();
        if (run != null && !trainer.state().isAt(saved)) {
          throw failure;
        }
        return last;
      } catch (DivergedException e) {
        await();
        int rollbacks = trainer.state().rollbacks() + 1;
        boolean mayGoBack = onNan == NanPolicy.ROLLBACK && rollbacks <= NanPolicy.MOST_ROLLBACKS;
        CheckpointStore.Loaded last = mayGoBack && run != null ? wayBack(e) : null;
        if (!Agreement.doesRankZero(ranks, last != null)) {
          throw e;
        }
        trainer.restore(last == null ? null : last.snapshot().withRollbacks(rollbacks));
        if (last != null) {
          Checkpoint to = last.checkpoint();
          report.accept(
              "%s; back to %s (%s) at a tenth of the learning rate, %d of %d times"
                  .formatted(
                      e.getMessage(),
                      to.label(),
                      to.state().place(),
                      rollbacks,
                      NanPolicy.MOST_ROLLBACKS));
        }
        saveNow();
      }
    }
  }

  /** Returns the checkpoint to go back to; null, and the exception says why, when there is none. */
  private CheckpointStore.Loaded wayBack(DivergedException e) {
    try {
      CheckpointStore.Loaded last = store.newestValid(report);
      return last != null && isKept(last, e) ? last : null;
    } catch (InvalidInputException broken) {
      report.accept("no way back: " + broken.getMessage());
      e.addSuppressed(broken);
      return null;
    }
  }

  /** Keeps what goes beyond the checkpoint; returns false when that failed, which is told. */
  private boolean isKept(CheckpointStore.Loaded last, DivergedException e) {
    try {
      Leftovers.keep(run, store, last.checkpoint().state(), report);
      return true;
    } catch (IOException failed) {
      report.accept("no way back: " + failed.getMessage());
      e.addSuppressed(failed);
      return false;
    }
  }

  /** Waits until nothing is being written. */
  private void await() {
    try {
      disk.submit(() -> {}).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a checkpoint was written", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes a checkpoint of the beginning, so that what it began with is not needed any more. */
  void saveStart() {
    saveNow();
  }

  /** Waits for what is being written and writes the present state unless it is written already. */
  private void saveNow() {
    await();
    saveUnlessBusy(run != null && !trainer.state().isAt(saved));
    await();
  }

  /** Waits for what is being written and ends the thread. */
  @Override
  public void close() {
    disk.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (disk.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    copy = null; // of which the run, if it is kept, has no more use
  }
}
