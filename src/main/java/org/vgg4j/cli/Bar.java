package org.vgg4j.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on stderr with speed and time left. */
final class Bar implements AutoCloseable {
  private final ProgressBar bar;

  Bar(String name, long max, String unit, long unitSize) {
    this(name, max, unit, unitSize, new Line(System.err));
  }

  /** Takes the line that the bar is drawn on. */
  Bar(String name, long max, String unit, long unitSize, ProgressBarConsumer line) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(max)
            .setUnit(unit, unitSize)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(250)
            .setSpeedUnit(java.time.temporal.ChronoUnit.SECONDS)
            .showSpeed()
            .setConsumer(line)
            .clearDisplayOnFinish()
            .build();
    bar.setExtraMessage("");
  }

  /** A line of the terminal that is left empty and not ended, for what is printed next. */
  static final class Line extends ConsoleProgressBarConsumer {
    private final PrintStream out;

    Line(PrintStream out) {
      super(out);
      this.out = out;
    }

    Line(PrintStream out, int width) {
      super(out, width);
      this.out = out;
    }

    @Override
    public void close() {
      out.flush();
    }
  }

  void to(long value) {
    bar.stepTo(value);
  }

  void say(String message) {
    bar.setExtraMessage(" " + message); // which stands behind the speed
  }

  @Override
  public void close() {
    bar.close();
  }

  /** Returns a duration as a person says it: 12 s, 4 min, 3 h 20 min, 5 days 3 h. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    long minutes = TimeUnit.SECONDS.toMinutes(whole + 30);
    if (whole < 120) {
      return whole + " s";
    }
    if (minutes < 120) {
      return minutes + " min";
    }
    long hours = minutes / 60;
    return hours < 72
        ? hours + " h " + minutes % 60 + " min"
        : (minutes + 30) / 1440 + " days " + (minutes + 30) / 60 % 24 + " h";
  }
}
