package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script {@code ./vgg} in a checkout of its own, with a Maven and a Java that only answer. */
@DisabledOnOs(OS.WINDOWS)
final class LauncherTest {
  private static final String BUILT = "building vgg4j";

  @TempDir private Path folder;
  private Path checkout;
  private Path tools;
  private final List<String> environment = new ArrayList<>();

  @BeforeEach
  void makeCheckout() throws IOException {
    checkout = checkout("checkout");
    tools = Files.createDirectories(folder.resolve("tools"));
    script(
        "java",
        "case $1 in -version) echo 'openjdk version \"17.0.1\"' >&2 ;; *) echo ran ;; esac");
    script("javac", "");
    script(
        "mvn",
        """
        while [ "$1" != -f ]; do shift; done
        for module in "${2%/*}" "${2%/*}/spark"; do
          mkdir -p "$module/target/launcher/classes"
          echo "${2##*/}" >"$module/target/launcher/pom"
          : >"$module/target/launcher/classpath.txt"
        done
        """);
  }

  private Path checkout(String name) throws IOException {
    Path made = folder.resolve(name);
    for (String file :
        List.of(
            "src/main/A.java",
            "native/kernels/k.cu",
            "native/cpu/c.cpp",
            "native/build.xml",
            "native/CMakeLists.txt",
            "cmake/c.cmake",
            "pom.xml",
            "library.pom.xml",
            "spark/pom.xml",
            "spark/src/main/B.java")) {
      Files.createDirectories(made.resolve(file).getParent());
      Files.writeString(made.resolve(file), "one");
    }
    Path script = Path.of(System.getProperty("basedir", "."), "vgg");
    Files.copy(script, made.resolve("vgg"));
    return made;
  }

  private void script(String name, String body) throws IOException {
    Path file = Files.writeString(tools.resolve(name), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Process start(Path from, Path log, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("sh", from.resolve("vgg").toString()));
    command.addAll(arguments.length == 0 ? List.of("doctor") : List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("PATH", tools + ":" + System.getenv("PATH"));
    builder.environment().remove("JAVA_HOME");
    for (String variable : environment) {
      builder.environment().put(variable.split("=")[0], variable.split("=")[1]);
    }
    return builder.start();
  }

  private String run(Path from, int code, String... arguments)
      throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    Process process = start(from, log, arguments);
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return "hangs: " + Files.readString(log, StandardCharsets.UTF_8);
    }
    String said = Files.readString(log, StandardCharsets.UTF_8);
    assertEquals(code, process.exitValue(), said);
    return said;
  }

  private String run(String... arguments) throws IOException, InterruptedException {
    return run(checkout, 0, arguments);
  }

  @Test
  void itBuildsWhenAFileHoldsSomethingElseAndNotWhenItsTimeIsOdd() throws Exception {
    assertTrue(run().startsWith(BUILT + " (first start"));
    assertEquals("ran\n", run());
    Path source = checkout.resolve("src/main/A.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plus(Duration.ofDays(400))));
    run();
    assertEquals("ran\n", run());
    Files.writeString(source, "two");
    Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
    assertTrue(run().startsWith(BUILT + " (sources changed"));
    assertEquals("ran\n", run());
    Files.delete(source);
    assertTrue(run().startsWith(BUILT + " (sources changed"));
  }

  /** The first is the lock of an earlier launcher. */
  @ParameterizedTest
  @ValueSource(strings = {"PID", "PID Thu Jan  1 00:00:00 1970"})
  void aLockOfANumberThatIsAnotherProgramsNowIsTaken(String holder) throws Exception {
    Files.createDirectories(checkout.resolve("target"));
    Path lock = checkout.resolve("target/launcher.lock");
    String pid = Long.toString(ProcessHandle.current().pid());
    Files.createSymbolicLink(lock, Path.of(holder.replace("PID", pid)));
    assertTrue(run().startsWith(BUILT));
    assertFalse(Files.exists(lock, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void aBuildThatGoesOnIsWaitedForWithWords() throws Exception {
    Process sleeper = new ProcessBuilder("sleep", "60").start();
    try {
      ProcessBuilder when = new ProcessBuilder("ps", "-o", "lstart=", "-p", "" + sleeper.pid());
      when.environment().putAll(Map.of("TZ", "UTC0", "LC_ALL", "C"));
      environment.add("TZ=Asia/Tokyo"); // another than the holder's
      Process ps = when.start();
      String began =
          new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
      Assumptions.assumeTrue(ps.waitFor() == 0, "this ps does not say when a process began");
      Files.createDirectories(checkout.resolve("target"));
      Path lock = checkout.resolve("target/launcher.lock");
      Files.createSymbolicLink(lock, Path.of(sleeper.pid() + " " + began));
      Path log = folder.resolve("waiting");
      Process waiting = start(checkout, log);
      String expected = "waiting for the build of process " + sleeper.pid() + " ...";
      for (int i = 0; i < 300 && !Files.readString(log).contains(expected); i++) {
        assertFalse(waiting.waitFor(100, TimeUnit.MILLISECONDS), () -> "did not wait");
      }
      assertTrue(Files.readString(log).contains(expected));
      sleeper.destroyForcibly();
      assertTrue(waiting.waitFor(30, TimeUnit.SECONDS));
      assertTrue(Files.readString(log).contains(BUILT));
    } finally {
      sleeper.destroyForcibly();
    }
  }

  @Test
  void theModuleWithSparkIsBuiltForSeveralWorkersOnly() throws Exception {
    script(
        "java",
        "case $1 in -version) echo 'openjdk version \"17.0.1\"' >&2 ;;"
            + " *) echo \"$SPARK_HOME $*\" ;; esac");
    assertEquals("library.pom.xml", builtWith(run("train", "--workers", "1"), ""));
    String said = run("train", "--workers=3");
    assertEquals("pom.xml", builtWith(said, "spark"));
    String started = said.lines().skip(1).findFirst().orElseThrow();
    assertTrue(started.contains("/vgg4j-spark."), started);
    assertTrue(started.contains(" -Dvgg4j.spark.own=true "), started);
    assertTrue(started.contains("/spark/target/launcher/classes:"), started);
    assertFalse(run("train", "--workers", "3").contains(BUILT));
    Files.writeString(checkout.resolve("spark/src/main/B.java"), "two");
    assertFalse(run("train").contains(BUILT));
    assertTrue(run("train", "--workers", "3").startsWith(BUILT));
  }

  private String builtWith(String said, String module) throws IOException {
    assertTrue(said.startsWith(BUILT), said);
    return Files.readString(checkout.resolve(module).resolve("target/launcher/pom")).strip();
  }

  @Test
  void aLockThatCannotBeMadeIsSaid() throws Exception {
    script("ln", "exit 1");
    String said = run(checkout, 2);
    assertTrue(said.startsWith("vgg: cannot create the link "), said);
  }

  @Test
  void aBundleRunsItsOwnJavaAndBuildsNothing() throws Exception {
    script("java", "echo 'another Java' >&2; exit 1");
    script("mvn", "echo 'a build' >&2; exit 1");
    Path bundle = Files.createDirectories(folder.resolve("bundle"));
    Files.copy(checkout.resolve("vgg"), bundle.resolve("vgg"));
    Path bin = Files.createDirectories(bundle.resolve("runtime/bin"));
    Path java = Files.writeString(bin.resolve("java"), "#!/bin/sh\necho \"$@\"\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    String said = run(bundle, 0);
    assertTrue(said.contains(" -Dvgg4j.home=" + bundle.toRealPath() + " "), said);
    assertTrue(
        said.endsWith("-cp " + bundle.toRealPath() + "/lib/* org.vgg4j.cli.Main doctor\n"), said);
  }

  @Test
  void whatAFailingJavaSaysIsShown() throws Exception {
    script("java", "echo 'Error: could not find libjvm.so' >&2; exit 1");
    assertEquals("vgg: java does not run: Error: could not find libjvm.so\n", run(checkout, 2));
    script("java", "echo 'openjdk version \"11.0.2\"' >&2");
    assertEquals("vgg: java is version 11: Java 17 or newer is needed\n", run(checkout, 2));
  }

  @Test
  void aColonInThePathIsRefused() throws Exception {
    String said = run(checkout("a:b"), 2);
    assertTrue(said.contains("a:b has a ':' in its path"), said);
  }

  @Test
  void namesWithAccentsWorkInTheLocaleC() throws Exception {
    Process locales = new ProcessBuilder("locale", "-a").start();
    String all = new String(locales.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Assumptions.assumeTrue(all.toLowerCase(Locale.ROOT).contains("c.utf"), "no C.UTF-8");
    script(
        "java",
        "case $1 in -version) echo 'openjdk version \"17\"' ;; *) echo \"$LC_ALL\" ;; esac");
    run();
    environment.add("LC_ALL=C");
    assertTrue(run().toLowerCase(Locale.ROOT).startsWith("c.utf"));
    environment.clear();
    environment.add("LC_ALL=de_DE.UTF-8");
    assertEquals("de_DE.UTF-8\n", run());
  }
}
