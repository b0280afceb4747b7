package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Commands run within the process. */
final class Cli {
  /** A net of 4 and 6 channels and 64 hidden features for images of 8 x 8. */
  static final List<String> TINY =
      List.of("--layers", "256,M,384,M", "--width", "1/64", "--image-size", "8");

  private Cli() {}

  /** What a command came to. */
  record Result(int code, String out, String err) {
    List<String> outLines() {
      return out.lines().toList();
    }

    List<String> errLines() {
      return err.lines().toList();
    }
  }

  static Result run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
    return new Result(code, out.toString(), err.toString());
  }

  /**
   * Runs {@code train} with the tiny net and more, without a report, on the CPU engine unless
   * another is named.
   */
  static Result train(Path out, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("train", "--no-report", "--out", out.toString()));
    arguments.addAll(TINY);
    if (!List.of(more).contains("--device")) {
      arguments.addAll(List.of("--device", "cpu"));
    }
    arguments.addAll(Arrays.asList(more));
    return run(arguments.toArray(new String[0]));
  }

  /** Expects exit code 2, nothing on stdout and one line on stderr, which is returned. */
  static String refused(Result result) {
    assertEquals(1, result.errLines().size(), result.err());
    assertEquals(ExitCode.BAD_INPUT, result.code(), result.err());
    assertEquals("", result.out());
    return result.errLines().get(0);
  }

  /** Returns the names in a folder, sorted. */
  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
