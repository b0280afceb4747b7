package org.vgg4j.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code benchmarks/gpu/run.sh} with stages that do nothing. Its clock is bash's {@code
 * SECONDS}, which a stage sets forward.
 */
@EnabledOnOs(OS.LINUX)
final class RunScriptTest {
  private static final String NOTHING_ELSE =
      """
      title_of() { echo "Stage $1"; }
      torch_version() { echo none; }
      stage_ceilings() { say 'half'; SECONDS=$((begin + 60)); say 'more'; stop_here; }
      stage_trainings() { say 'never'; }
      stage_steps() { say 'never'; }
      stage_recipe() { say 'never'; }
      stage_memory() { say 'never'; }
      stage_sanitizer() { cannot 'no tool'; }
      """;

  @TempDir private Path folder;
  private Path script;
  private Path out;

  /** What a run came to. */
  private record Ended(int code, String said) {}

  @BeforeEach
  void copyScript() throws IOException {
    script = folder.resolve("checkout/benchmarks/gpu/run.sh");
    out = folder.resolve("out");
    Files.createDirectories(script.getParent());
    Path home = Path.of(System.getProperty("basedir", "."));
    Files.copy(home.resolve("benchmarks/gpu/run.sh"), script);
    Path vgg = Files.writeString(folder.resolve("checkout/vgg"), "#!/bin/sh\necho vgg4j test\n");
    Files.setPosixFilePermissions(vgg, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void stages(String... more) throws IOException {
    Files.writeString(script.resolveSibling("stages.sh"), NOTHING_ELSE + String.join("\n", more));
  }

  private Ended run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", script.toString(), out.toString()));
    command.addAll(List.of(arguments));
    Path said = folder.resolve("said.txt");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      process.getOutputStream().close();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the script does not end");
      return new Ended(process.exitValue(), Files.readString(said));
    } finally {
      process.destroyForcibly();
    }
  }

  private String report() throws IOException {
    return Files.readString(out.resolve("report.md"));
  }

  private String status(String stage) throws IOException {
    JsonNode results = new ObjectMapper().readTree(out.resolve("results.json").toFile());
    return results.get("stages").get(stage).get("status").asText();
  }

  @Test
  void whenTheTimeIsUpItKeepsWhatThereIsAndSaysWhatIsLeft() throws Exception {
    stages("stage_doctor() { say 'well'; }", "stage_tests() { say 'never'; }");
    Ended ended = run("--minutes", "1");
    assertEquals(3, ended.code(), ended.said());
    String left = "left: ceilings tests trainings steps recipe memory sanitizer;";
    assertTrue(ended.said().contains(left), ended.said());
    assertEquals("done", status("doctor"));
    assertEquals("unfinished", status("ceilings"));
    assertEquals("left", status("tests"));
    assertTrue(report().contains("| ceilings | not finished: the time was up |"), report());
    assertTrue(report().contains("| tests | not run: the time was up |"), report());
    assertTrue(report().contains("half\nmore\n\nThe time was up here."), report());
    assertFalse(report().contains("never"), report());
    assertTrue(Files.size(out.resolve("results.tar.gz")) > 0);
  }

  @Test
  void theNextCallDoesWhatIsLeft() throws Exception {
    stages("stage_doctor() { say 'once'; }", "stage_tests() { say 'tested'; }");
    assertEquals(3, run("--minutes", "1").code());
    stages(
        "stage_doctor() { say 'twice'; }",
        "stage_ceilings() { say 'whole'; }",
        "stage_tests() { say 'tested'; }");
    Ended ended = run();
    assertEquals(0, ended.code(), ended.said());
    assertTrue(report().contains("once") && !report().contains("twice"), report());
    assertTrue(report().contains("whole") && !report().contains("half"), report());
    assertTrue(report().contains("tested"), report());
    assertTrue(report().contains("| sanitizer | could not run: no tool |"), report());
  }

  @Test
  void aCommandEndsWithTheTime() throws Exception {
    stages(
        "stage_doctor() {",
        "SECONDS=$((begin + 59))",
        "if limited 900 sleep 45; then say 'slept'; else say \"ended: $?\"; time_is_up &&"
            + " stop_here; fi",
        "}");
    Ended ended = run("--minutes", "1", "--only", "doctor");
    assertEquals(3, ended.code(), ended.said());
    assertTrue(report().contains("ended: 124"), report());
    assertEquals("unfinished", status("doctor"));
    assertEquals("not run", status("tests"));
  }

  @Test
  void aFailureIsWorthMoreThanTheTime() throws Exception {
    stages(
        "stage_doctor() { say 'well'; }",
        "stage_ceilings() { SECONDS=$((begin + 60)); stop_here 1; }");
    Ended ended = run("--minutes", "1");
    assertEquals(1, ended.code(), ended.said());
    assertEquals("failed", status("ceilings"));
    assertEquals("left", status("tests"));
  }
}
