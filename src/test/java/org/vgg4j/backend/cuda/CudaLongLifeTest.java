package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many engines, one after the other in one process, leave it as it was. */
@OnStandIn
final class CudaLongLifeTest {
  private static final int WARM_UP = 50;
  private static final int CYCLES = 200;
  private static final long PATIENCE_SECONDS = 300;

  /** Of all cycles together: what the allocator and the stand-in's list of addresses take. */
  private static final long MOST_RESIDENT_KIB = 8 << 10;

  private static final List<String> SAME_PROPERTIES =
      List.of(
          "basedir",
          "vgg4j.standin",
          "org.bytedeco.javacpp.cachedir",
          "org.bytedeco.javacpp.maxPhysicalBytes");

  @TempDir private Path folder;

  /** Opens engines, trains and closes, in a JVM whose Java heap takes no more than at its start. */
  static final class Cycles {
    private Cycles() {}

    public static void main(String[] arguments) throws IOException {
      StandIn.require();
      List<EngineLife> lives =
          List.of(EngineLife.decided(true, true), EngineLife.decided(false, false));
      run(lives, WARM_UP);
      Map<String, Long> before = held();
      run(lives, CYCLES);
      held().forEach((name, now) -> System.out.println(name + "=" + (now - before.get(name))));
    }

    private static void run(List<EngineLife> lives, int cycles) {
      for (int i = 0; i < cycles; i++) {
        assertNull(lives.get(i % lives.size()).run().failure());
      }
    }

    private static Map<String, Long> held() throws IOException {
      System.gc();
      Map<String, Long> held = new TreeMap<>();
      held.put("objects", StandIn.live().values().stream().mapToLong(Long::longValue).sum());
      held.put("device bytes", StandIn.liveBytes());
      held.put("JavaCPP's pointers", Pointer.totalCount());
      held.put("JavaCPP's bytes", Pointer.totalBytes());
      held.put("threads", (long) ManagementFactory.getThreadMXBean().getThreadCount());
      List<Path> files = openFiles();
      System.err.println("open: " + files);
      held.put("files", (long) files.size());
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          held.put("resident KiB", Long.parseLong(line.replaceAll("\\D", "")));
        }
      }
      return held;
    }
  }

  /** Returns what is open but for what Java opens when it first needs a class. */
  private static List<Path> openFiles() throws IOException {
    Path java = Path.of(System.getProperty("java.home")).toRealPath();
    List<Path> files = new ArrayList<>();
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      for (Path link : open.toList()) {
        try {
          Path file = Files.readSymbolicLink(link);
          if (!file.startsWith(java) && !file.toString().endsWith(".jar")) {
            files.add(file);
          }
        } catch (NoSuchFileException e) {
          // the list's own, or one that was closed meanwhile
        }
      }
    }
    return files;
  }

  @Test
  void twoHundredEnginesLeaveNothing() throws IOException, InterruptedException {
    StandIn.require();
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-Xms192m", "-Xmx192m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1"));
    for (String name : SAME_PROPERTIES) {
      if (System.getProperty(name) != null) {
        command.add("-D" + name + "=" + System.getProperty(name));
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Cycles.class.getName()));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly();
    String said = Files.readString(err, StandardCharsets.UTF_8);
    assertTrue(ended, said);
    Map<String, Long> grown = new TreeMap<>();
    for (String line : Files.readAllLines(out, StandardCharsets.UTF_8)) {
      int end = line.indexOf('=');
      grown.put(line.substring(0, end), Long.valueOf(line.substring(end + 1)));
    }
    assertEquals(7, grown.size(), said);
    long resident = grown.remove("resident KiB");
    assertTrue(resident <= MOST_RESIDENT_KIB, () -> resident + " KiB more are resident");
    grown.values().removeIf(count -> count == 0);
    assertEquals(Map.of(), grown, said);
  }
}
