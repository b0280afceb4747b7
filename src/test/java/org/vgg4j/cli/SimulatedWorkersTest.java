package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ./vgg train --simulate-workers}. */
final class SimulatedWorkersTest {
  @TempDir private Path folder;

  private Cli.Result simulate(String... more) {
    return Cli.train(folder.resolve("run"), more);
  }

  @Test
  void aLineForEachNumberOfWorkersAndNoRun() {
    Cli.Result result =
        simulate(
            "--simulate-workers",
            "6",
            "--batch-size",
            "4",
            "--bandwidth",
            "25",
            "--latency",
            "20us");
    assertEquals(0, result.code(), result.err());
    List<String> lines = result.outLines();
    // 1,498 weights of the tiny net are 6 kB.
    assertTrue(
        lines
            .get(0)
            .matches(
                "one worker: \\d+\\.\\d ms for a step of 4 images; gradients 0 MB; 25\\.0 Gb/s,"
                    + " latency 20us"),
        result.out());
    String cell = " +\\d+\\.\\d/s \\d+ %";
    List<String> workers = lines.subList(3, 7).stream().map(line -> line.split(" ")[0]).toList();
    assertEquals(List.of("1", "2", "4", "6"), workers);
    for (String line : lines.subList(3, 7)) {
      assertTrue(line.matches("\\d(" + cell + "){4}"), line);
    }
    // One worker has nobody to wait for.
    assertEquals(5, lines.get(3).split("100 %", -1).length, lines.get(3));
    assertTrue(result.out().contains("DGX-1, 8 P100 at batch 64 each: 88 %"), result.out());
    assertTrue(Files.notExists(folder.resolve("run")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--simulate-workers=0; --simulate-workers must be at least 1, not 0",
        "--simulate-workers=2 --bandwidth=0; --bandwidth must be positive, in Gb/s, not 0.0",
        "--simulate-workers=2 --latency=20; --latency must be a time such as 20us or 1ms, not 20"
      })
  void whatIsNoNetworkIsRefused(String flags, String line) {
    assertEquals("vgg: " + line, Cli.refused(simulate(flags.split(" "))));
  }
}
