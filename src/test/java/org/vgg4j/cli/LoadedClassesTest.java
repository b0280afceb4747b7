package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a whole training has Java load, which its start waits for. */
final class LoadedClassesTest {
  @TempDir private Path folder;

  private List<String> loaded(String... options) throws Exception {
    List<String> command = VggProcess.command("train", "--device", "cpu", "--data", "sample");
    command.addAll(1, List.of("-Xlog:class+load"));
    command.addAll(1, List.of(options));
    command.addAll(List.of("--arch", "vgg11", "--width", "1/32", "--image-size", "32"));
    command.addAll(List.of("--train-limit", "64", "--test-limit", "16", "--epochs", "1"));
    command.addAll(List.of("--out", folder.resolve("run").toString(), "--no-report"));
    return VggProcess.output(new ProcessBuilder(command)).lines().toList();
  }

  private static Stream<String> recorder(List<String> lines) {
    return lines.stream().filter(l -> l.contains(" jdk.jfr.internal."));
  }

  @Test
  void withoutARecordingTheFlightRecorderStaysOut() throws Exception {
    List<String> lines = loaded();
    assertTrue(lines.stream().anyMatch(l -> l.contains(" org.vgg4j.train.StepWatch ")));
    assertFalse(recorder(lines).findAny().isPresent(), () -> recorder(lines).toList().toString());
  }

  @Test
  void withOneItIsThere() throws Exception {
    Path file = folder.resolve("training.jfr");
    assertTrue(recorder(loaded("-XX:StartFlightRecording=filename=" + file)).findAny().isPresent());
  }
}
