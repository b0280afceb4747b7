package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/**
 * Progress on stderr: a bar with images/s and time left on a terminal, a line every ten seconds
 * elsewhere; and, before a run that will take long, how long.
 */
final class TrainingProgress implements TrainingListener, AutoCloseable {
  private static final long LINE_NANOS = 10_000_000_000L;

  /** The steps and the time that an estimate needs, after a first step that warms up. */
  private static final int TIMED_STEPS = 2;

  private static final long TIMED_NANOS = 5_000_000_000L;

  /** Runs estimated longer than this are announced. */
  private static final double LONG_SECONDS = 300;

  private final PrintWriter err;
  private final int epochs;
  private final LongSupplier nanoTime;
  private Bar bar;
  private int images;
  private int steps;
  private long rateStart; // when rateImages were done
  private int rateImages;
  private long lastLine;
  private long warm;
  private boolean warmedUp; // the first steps are slower
  private int lastStep; // of the epoch, that was heard of
  private int timed; // steps since then
  private boolean estimated;
  private int epoch;
  private boolean isPaused; // a bar is wanted and not there

  TrainingProgress(PrintWriter err, int epochs) {
    this(err, epochs, System::nanoTime);
  }

  /** Takes a clock that tests may set. */
  TrainingProgress(PrintWriter err, int epochs, LongSupplier nanoTime) {
    this.err = err;
    this.epochs = epochs;
    this.nanoTime = nanoTime;
  }

  @Override
  public void epochStarted(int number, int epochSteps, int epochImages) {
    steps = epochSteps;
    lastStep = 0;
    images = epochImages;
    close();
    rateStart = nanoTime.getAsLong();
    rateImages = 0;
    lastLine = rateStart;
    epoch = number;
    isPaused = false;
    bar = Terminal.isInteractive() ? newBar() : null;
  }

  private Bar newBar() {
    return new Bar("epoch " + epoch + "/" + epochs, images, " images", 1);
  }

  @Override
  public void stepFinished(int number, int step, int done, double meanLoss) {
    long now = nanoTime.getAsLong();
    if (isPaused) {
      isPaused = false;
      bar = newBar();
    }
    if (!warmedUp) {
      warmedUp = true;
      warm = now;
    } else {
      timed += step - lastStep; // not every step is heard of
    }
    if (lastStep == 0 && step > 1) { // maybe a resumed epoch, whose first steps took other time
      rateStart = now;
      rateImages = done;
    }
    lastStep = step;
    if (!estimated && timed >= TIMED_STEPS && now - warm > TIMED_NANOS) {
      estimate((now - warm) / 1e9 / timed);
    }
    if (bar != null) {
      bar.to(done);
      bar.say(String.format(Locale.ROOT, "loss %.3f", meanLoss));
    } else if (now - lastLine > LINE_NANOS && done > rateImages) {
      lastLine = now;
      double rate = (done - rateImages) / ((now - rateStart) / 1e9);
      say(
          "epoch %d/%d: %d of %d images, loss %.3f, %.0f images/s, %s left in this epoch",
          epoch, epochs, done, images, meanLoss, rate, Bar.duration((images - done) / rate));
    }
  }

  /** Clears the bar for something that is printed; the next step draws it again. */
  void pause() {
    if (bar != null) {
      close();
      isPaused = true;
    }
  }

  private void estimate(double stepSeconds) {
    estimated = true;
    double epochSeconds = stepSeconds * steps;
    if (epochSeconds * epochs > LONG_SECONDS) {
      say(
          "estimated time: %s an epoch, %s in all, without the evaluations",
          Bar.duration(epochSeconds), Bar.duration(epochSeconds * epochs));
    }
  }

  private void say(String format, Object... values) {
    err.println(String.format(Locale.ROOT, format, values));
    err.flush();
  }

  @Override
  public void evaluationStarted(int epoch) {
    close();
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    close();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
