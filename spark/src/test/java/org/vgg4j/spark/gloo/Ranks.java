package org.vgg4j.spark.gloo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Processes that are the ranks of one group. */
final class Ranks implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final Path folder;
  private final List<Process> processes = new ArrayList<>();

  /** Starts them; {@link OneRank} knows what they can do. */
  Ranks(Path folder, int world, String what) throws IOException {
    this.folder = Files.createDirectories(folder);
    for (int rank = 0; rank < world; rank++) {
      List<String> command =
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xms96m",
              "-Xmx96m",
              "-XX:+UseSerialGC",
              "-XX:+AlwaysPreTouch", // so that only native memory can grow
              "-XX:TieredStopAtLevel=1",
              "-cp",
              System.getProperty("java.class.path"),
              OneRank.class.getName(),
              Integer.toString(rank),
              Integer.toString(world),
              folder.resolve("meeting").toString(),
              what);
      processes.add(
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output(rank).toFile())
              .start());
    }
  }

  private Path output(int rank) {
    return folder.resolve("rank-" + rank);
  }

  /** Waits until a rank has printed a line that begins so. */
  void awaitLine(int rank, String beginning) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (lines(rank).stream().noneMatch(line -> line.startsWith(beginning))) {
      if (System.nanoTime() > end || !processes.get(rank).isAlive()) {
        throw new TimeoutException(lines(rank).toString());
      }
      Thread.sleep(20);
    }
  }

  /** Sends a signal. */
  void signal(int rank, String signal) throws Exception {
    String pid = Long.toString(processes.get(rank).pid());
    new ProcessBuilder("kill", "-" + signal, pid).inheritIO().start().waitFor();
  }

  /** Waits for the end of a rank and returns its exit code. */
  int exitCode(int rank) throws Exception {
    if (!processes.get(rank).waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new TimeoutException(lines(rank).toString());
    }
    return processes.get(rank).exitValue();
  }

  /** Returns what a rank printed, without gloo's own remark. */
  List<String> lines(int rank) throws IOException {
    return Files.readAllLines(output(rank)).stream()
        .filter(line -> !line.startsWith("[Gloo]"))
        .toList();
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
  }
}
