package org.vgg4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A training that takes a second, in a process of its own. */
final class TinyRun {
  /**
   * A net of a few thousand weights on a cut of the sample, in batches of which the last is
   * smaller.
   */
  static final List<String> FLAGS =
      List.of(
          ("train --no-report --data sample --train-limit 200 --test-limit 50 --layers 64,M,64,M"
                  + " --width 1/32 --image-size 8 --batch-size 16 --device cpu")
              .split(" "));

  private TinyRun() {}

  /** Starts the command line; what it says on stderr goes to a file. */
  static Process start(Path log, List<String> arguments) throws IOException {
    return start(Main.class, log, arguments);
  }

  /** Starts a program of the tests' class path. */
  static Process start(Class<?> program, Path log, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
    command.add("-Dvgg4j.home=" + System.getProperty("basedir", "."));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(program.getName());
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(log.toFile())
        .start();
  }

  /** Returns the lines of the metrics without the times. */
  static List<String> metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"seconds\".*", ""))
        .toList();
  }

  /** Returns the number of the newest checkpoint, 0 when there is none. */
  static int newest(Path run) throws IOException {
    Path folder = run.resolve("checkpoints");
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".json"))
          .mapToInt(name -> Integer.parseInt(name.substring(11, 17)))
          .max()
          .orElse(0);
    }
  }
}
