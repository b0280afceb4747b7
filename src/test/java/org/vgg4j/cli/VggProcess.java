package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command line in a process of its own, with the classes under test. */
final class VggProcess {
  private VggProcess() {}

  /** Returns a command with the options of the JVM that {@code ./vgg} gives it. */
  static List<String> command(String... arguments) throws IOException {
    String launcher = Files.readString(Path.of(System.getProperty("basedir", "."), "vgg"));
    Matcher options = Pattern.compile("^common='([^']+)'", Pattern.MULTILINE).matcher(launcher);
    assertTrue(options.find());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options.group(1).split("\\s+")));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Returns what a process says on its output, once it ended well. */
  static String output(ProcessBuilder process) throws IOException, InterruptedException {
    Process child = process.start();
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(child.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, child.exitValue(), said);
    return said;
  }
}
