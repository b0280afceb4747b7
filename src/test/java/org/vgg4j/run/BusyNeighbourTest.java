package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BusyNeighbourTest {
  private static final int STEPS = 20;

  private double now;

  /** Half a second a step, of which this process and others use so many processors. */
  private List<String> lines(int threads, int usable, int processors, double own, double others) {
    List<String> lines = new ArrayList<>();
    BusyNeighbour watch =
        new BusyNeighbour(
            threads,
            usable,
            () -> new ProcessorUse(now, 1000 + (own + others) * now, own * now, processors),
            lines::add);
    for (int step = 1; step <= STEPS; step++) {
      now += 0.5;
      watch.stepDone(step);
    }
    return lines;
  }

  @ParameterizedTest
  @CsvSource({"2, 2, 1.0, 1, 1", "2, 2, 0.6, 1, 1", "8, 8, 2.8, 3, 5", "2, 2, 2.0, 2, 1"})
  void saysOnceWhatToDo(int threads, int processors, double others, int taken, int better) {
    List<String> lines = lines(threads, processors, processors, 1, others);
    assertEquals(1, lines.size(), lines.toString());
    String start = "another program uses about %d of %d processors".formatted(taken, processors);
    assertTrue(lines.get(0).startsWith(start), lines.get(0));
    assertTrue(lines.get(0).contains("--threads " + better + " would"), lines.get(0));
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2, 2, 2.0, 0.0",
    "2, 2, 2, 1.9, 0.3", // what every system does now and then
    "1, 2, 2, 1.0, 1.0", // one thread has a processor for itself
    "2, 4, 4, 2.0, 2.0", // the others have room
    "2, 2, 8, 1.0, 7.0" // a container's neighbours compute elsewhere
  })
  void saysNothingWithoutNeed(int threads, int usable, int processors, double own, double others) {
    assertEquals(List.of(), lines(threads, usable, processors, own, others));
  }

  @Test
  void saysNothingWhereNothingTells() {
    List<String> lines = new ArrayList<>();
    BusyNeighbour watch = new BusyNeighbour(2, 2, () -> null, lines::add);
    for (int step = 1; step <= STEPS; step++) {
      watch.stepDone(step);
    }
    assertEquals(List.of(), lines);
  }

  @Test
  void readsProcStat() {
    // user, nice, system, idle, iowait, irq, softirq, steal, guest (counted in user), guest_nice
    List<String> stat =
        List.of("cpu  1000 200 300 90000 5000 40 60 400 77 7", "cpu0 1 2", "cpu1 1 2", "intr 5");
    assertEquals(new ProcessorUse(3, 20, 4, 2), ProcessorUse.of(stat, 4, 3));
    assertNull(ProcessorUse.of(List.of(), 4, 3));
    assertNull(ProcessorUse.of(List.of("something else"), 4, 3));
    if (Files.isReadable(Path.of("/proc/stat"))) {
      assertNotNull(ProcessorUse.now());
    }
  }
}
