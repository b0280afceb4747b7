package org.vgg4j.cli;

import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on stderr with speed and time left. */
final class Bar implements AutoCloseable {
  private final ProgressBar bar;

  Bar(String name, long max, String unit, long unitSize) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(max)
            .setUnit(unit, unitSize)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(250)
            .setSpeedUnit(java.time.temporal.ChronoUnit.SECONDS)
            .showSpeed()
            .clearDisplayOnFinish()
            .build();
    bar.setExtraMessage("");
  }

  void to(long value) {
    bar.stepTo(value);
  }

  void say(String message) {
    bar.setExtraMessage(message);
  }

  @Override
  public void close() {
    bar.close();
  }

  /** Returns a duration as a person says it: 12 s, 4 min, 3 h 20 min. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    long minutes = TimeUnit.SECONDS.toMinutes(whole + 30);
    if (whole < 120) {
      return whole + " s";
    }
    return minutes < 120 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
  }
}
