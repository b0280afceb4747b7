package org.vgg4j.bundle;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/** Programs of this machine that a bundle is made with. */
final class Program {
  private static final int SHOWN = 300;

  private Program() {}

  /**
   * Runs a program to its end.
   *
   * @return what it printed, stdout and stderr together
   * @throws IOException with the end of what it said, when it fails
   */
  static String run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String said =
          new String(process.getInputStream().readAllBytes(), Charset.defaultCharset()).strip();
      require(await(process, command.get(0)), command.get(0), said);
      return said;
    } finally {
      process.destroy();
    }
  }

  /**
   * Runs programs, each of which reads what the one before wrote.
   *
   * @param said where they write what they have to say
   * @throws IOException with the end of what they said, when one fails
   */
  static void pipe(List<List<String>> commands, Path into, Path said) throws IOException {
    List<ProcessBuilder> builders =
        commands.stream()
            .map(ProcessBuilder::new)
            .map(builder -> builder.redirectError(ProcessBuilder.Redirect.appendTo(said.toFile())))
            .toList();
    builders.get(builders.size() - 1).redirectOutput(into.toFile());
    List<Process> processes = ProcessBuilder.startPipeline(builders);
    try {
      for (int i = 0; i < processes.size(); i++) {
        String name = commands.get(i).get(0);
        int code = await(processes.get(i), name);
        require(code, name, Files.readString(said, Charset.defaultCharset()));
      }
    } finally {
      processes.forEach(Process::destroy);
    }
  }

  private static void require(int code, String name, String said) throws IOException {
    if (code != 0) {
      throw new IOException(
          "%s failed with exit code %d: %s"
              .formatted(name, code, said.substring(Math.max(0, said.length() - SHOWN)).strip()));
    }
  }

  private static int await(Process process, String name) throws IOException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + name + " was running", e);
    }
  }

  /**
   * Checks that a program is on the PATH.
   *
   * @param from what installs it
   */
  static void require(String name, String from) {
    String path = System.getenv("PATH");
    for (String folder : path == null ? new String[0] : path.split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return;
      }
    }
    throw new InvalidInputException(
        "no " + name + " on the PATH, which packs the bundle: install " + from);
  }
}
