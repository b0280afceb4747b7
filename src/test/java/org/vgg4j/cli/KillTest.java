package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real training process is killed at random moments, while it trains and saves at every step. The
 * system property {@code vgg4j.kills} says how often: 20 by default.
 */
@DisabledOnOs(OS.WINDOWS) // it has no signals
class KillTest {
  private static final int KILLS = Integer.getInteger("vgg4j.kills", 20);
  private static final long PATIENCE_SECONDS = 120;

  @TempDir Path folder;

  private Path log;
  private Path whole;
  private int millis; // that the whole training takes on this machine, without the start

  @BeforeEach
  void nameTheLog() {
    log = folder.resolve("stderr");
  }

  private void trainWithoutInterruption() throws Exception {
    whole = folder.resolve("whole");
    Process process = start(whole);
    awaitTraining(process);
    long begin = System.nanoTime();
    assertEquals(0, end(process), this::said);
    millis = (int) Math.max(100, (System.nanoTime() - begin) / 1_000_000);
  }

  private Process start(Path run) throws IOException {
    List<String> arguments = new ArrayList<>(TinyRun.FLAGS);
    if (Files.exists(run.resolve("config.json"))) {
      arguments = new ArrayList<>(List.of("train", "--resume", run.toString()));
    } else {
      arguments.addAll(List.of("--epochs", "60", "--out", run.toString()));
    }
    arguments.addAll(List.of("--checkpoint-every", "1"));
    return TinyRun.start(log, arguments);
  }

  private int end(Process process) throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still running: " + said());
    }
    return process.exitValue();
  }

  private String said() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Waits until the training has begun, or the process is at its end. */
  private void awaitTraining(Process process) throws InterruptedException {
    while (process.isAlive() && !said().contains("run folder")) {
      process.waitFor(5, TimeUnit.MILLISECONDS);
    }
  }

  /** Waits until the process has written a checkpoint, or is at its end. */
  private static void awaitCheckpoint(Process process, Path run, int before) throws Exception {
    while (process.isAlive() && TinyRun.newest(run) <= before) {
      process.waitFor(2, TimeUnit.MILLISECONDS);
    }
  }

  private void requireSame(Path run) throws IOException {
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(run.resolve("model.safetensors")));
    assertEquals(TinyRun.metrics(whole), TinyRun.metrics(run));
  }

  @Test
  void killedAtAnyMomentItEndsWithTheSameBits() throws Exception {
    trainWithoutInterruption();
    Random random = new Random(KILLS);
    int runs = 0;
    int resumed = 0;
    int killed = 0;
    while (killed < KILLS) {
      Path run = folder.resolve("run" + runs++);
      int code = -1;
      while (code != 0) {
        int before = TinyRun.newest(run);
        Process process = start(run);
        if (killed < KILLS) {
          // Of five one is killed while it starts, one at any moment after, three after progress.
          if (killed % 5 > 0) {
            awaitTraining(process);
          }
          if (killed % 5 > 1) {
            awaitCheckpoint(process, run, before);
          }
          process.waitFor(random.nextInt(millis / 10), TimeUnit.MILLISECONDS);
          killed += process.isAlive() ? 1 : 0;
          process.destroyForcibly();
        }
        code = end(process);
        resumed += said().contains("resuming from checkpoint-") ? 1 : 0;
        assertTrue(code == 0 || code == 137, this::said);
      }
      requireSame(run);
    }
    System.out.println(killed + " kills in " + runs + " runs, resumed " + resumed + " times");
    assertTrue(resumed >= KILLS / 2, "resumed only " + resumed + " times");
  }

  @Test
  void aRunThatGoesOnNamesItsProcess() throws Exception {
    Path run = folder.resolve("going");
    Process process = start(run);
    awaitCheckpoint(process, run, 0);
    signal(process, "STOP");
    Cli.Result second = Cli.run("train", "--resume", run.toString());
    String holder = "vgg: --resume %s is in use by process %d on ".formatted(run, process.pid());
    assertTrue(Cli.refused(second).startsWith(holder), second::err);
    process.destroyForcibly(); // which lets go of the folder
    assertEquals(137, end(process));
    Cli.Result third = Cli.run("train", "--resume", run.toString());
    assertEquals(0, third.code(), third::err);
  }

  @Test
  void sigtermWritesACheckpointAndExits143() throws Exception {
    stop("TERM", 143);
  }

  @Test
  void ctrlCWritesACheckpointAndExits130() throws Exception {
    assumeInterruptible();
    stop("INT", 130);
  }

  private static void assumeInterruptible() throws IOException {
    // A shell starts background jobs with this signal ignored, and so are their children.
    List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
    for (String line : status) {
      if (line.startsWith("SigIgn:")) {
        long ignored = Long.parseUnsignedLong(line.substring(7).strip(), 16);
        Assumptions.assumeTrue((ignored & 2) == 0, "SIGINT is ignored here");
      }
    }
  }

  @Test
  void aSecondCtrlCExitsAtOnce() throws Exception {
    assumeInterruptible();
    Process process = TinyRun.start(NeverStops.class, log, List.of());
    while (!said().contains("ready")) {
      assertFalse(process.waitFor(5, TimeUnit.MILLISECONDS), this::said);
    }
    signal(process, "INT");
    assertFalse(process.waitFor(1, TimeUnit.SECONDS), "the first waits for the command");
    signal(process, "INT");
    assertEquals(130, end(process), this::said);
  }

  /** A command that does not stop when it is asked to. */
  static final class NeverStops {
    private NeverStops() {}

    public static void main(String[] arguments) throws InterruptedException {
      try (Interruption interruption = new Interruption(() -> {})) {
        System.err.println("ready: " + interruption.happened());
        new CountDownLatch(1).await();
      }
    }
  }

  private static void signal(Process process, String signal) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  private void stop(String signal, int code) throws Exception {
    trainWithoutInterruption();
    Path run = folder.resolve("stopped");
    Process process = start(run);
    awaitCheckpoint(process, run, 0);
    signal(process, signal);
    assertEquals(code, end(process), this::said);
    assertTrue(said().contains("go on with: ./vgg train --resume " + run), this::said);
    assertEquals(0, end(start(run)), this::said);
    assertTrue(said().contains("resuming from checkpoint-"), this::said);
    requireSame(run);
  }
}
