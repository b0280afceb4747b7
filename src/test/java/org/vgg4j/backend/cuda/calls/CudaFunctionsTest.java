package org.vgg4j.backend.cuda.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The functions that the engine calls against the stand-in's list: a call of any other one is
 * untested, and one that CUDA 13.0 or cuDNN 9.12 lack would end the JVM.
 */
final class CudaFunctionsTest {
  private static final Path ROOT = Path.of(System.getProperty("basedir", "."));

  private static final Pattern CALL =
      Pattern.compile(
          "\\b(?:cudart|cudnn|cublas|nvrtc|nccl)\\.((?:cu|cuda|cudnn|cublas|nvrtc|nccl)[A-Z]\\w*)\\(");

  @Test
  void everyCallIsInTheList() throws IOException {
    Set<String> listed = new TreeSet<>();
    for (String line : Files.readAllLines(ROOT.resolve("native/standin/functions.txt"))) {
      String[] words = line.strip().split("\\s+");
      if (words.length == 2 && !line.startsWith("#")) {
        listed.add(words[1]);
      }
    }
    Set<String> called = new TreeSet<>();
    Path room = ROOT.resolve("src/main/java/org/vgg4j/backend/cuda/calls");
    try (Stream<Path> files = Files.list(room)) {
      for (Path file : files.filter(CudaFunctionsTest::mayCall).sorted().toList()) {
        Matcher calls = CALL.matcher(Files.readString(file));
        while (calls.find()) {
          called.add(calls.group(1));
        }
      }
    }
    assertTrue(called.size() > 60, () -> "too few calls were found: " + called);
    called.removeAll(listed);
    assertEquals(Set.of(), called);
  }

  /** Everything else goes through these; elsewhere the same words are their methods. */
  private static boolean mayCall(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith("Calls.java") || name.equals("CudaStatus.java");
  }
}
