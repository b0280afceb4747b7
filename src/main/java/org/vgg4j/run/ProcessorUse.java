package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What the processors have done until a moment.
 *
 * @param wall the moment, in seconds of any clock
 * @param busy the time of all processors together that they computed, in seconds
 * @param own the part of it that this process took
 * @param processors how many there are
 */
record ProcessorUse(double wall, double busy, double own, int processors) {
  /** Ticks a second in /proc/stat, the same on every Linux that Java runs on. */
  private static final double TICKS = 100;

  /** The columns of /proc/stat in which nothing is computed: idle and waiting for a disk. */
  private static final int IDLE = 4;

  private static final int WAITING = 5;

  /** The columns from here on are counted in others already. */
  private static final int GUESTS = 9;

  /** Reads now; null where the system does not tell. */
  static ProcessorUse now() {
    Duration own = ProcessHandle.current().info().totalCpuDuration().orElse(null);
    if (own == null) {
      return null;
    }
    try {
      List<String> lines = Files.readAllLines(Path.of("/proc/stat"));
      return of(lines, own.toNanos() / 1e9, System.nanoTime() / 1e9);
    } catch (IOException e) {
      return null;
    }
  }

  /** Reads the lines of /proc/stat; null when they are of another form. */
  static ProcessorUse of(List<String> stat, double own, double wall) {
    String all = stat.isEmpty() ? "" : stat.get(0);
    int processors = (int) stat.stream().filter(line -> line.matches("cpu\\d+ .*")).count();
    if (!all.matches("cpu( +\\d+){5,}") || processors == 0) {
      return null;
    }
    String[] columns = all.split(" +");
    double ticks = 0;
    for (int column = 1; column < Math.min(GUESTS, columns.length); column++) {
      ticks += column == IDLE || column == WAITING ? 0 : Double.parseDouble(columns[column]);
    }
    return new ProcessorUse(wall, ticks / TICKS, own, processors);
  }

  /** Returns how many processors other programs have used on average since then. */
  double others(ProcessorUse since) {
    return (busy - since.busy - (own - since.own)) / (wall - since.wall);
  }
}
