package org.vgg4j.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code benchmarks/gpu/alternate.py} with programs that only answer. */
@EnabledOnOs(OS.LINUX)
final class AlternateTest {
  @TempDir private Path folder;

  @BeforeEach
  void requirePython() {
    try {
      Program.run(List.of("python3", "--version"));
    } catch (IOException e) {
      Assumptions.abort("no python3, as where there is no PyTorch to compare with");
    }
  }

  /** Makes a program whose windows have the rates, and that notes its name at each. */
  private String program(String name, String start, String... rates) throws IOException {
    Path script = folder.resolve(name + ".sh");
    Files.writeString(
        script,
        """
        set -- %s
        %s
        echo ready
        while read -r line; do echo %s >>'%s'; echo "$1"; shift; done
        rm -f gpu
        echo '{"engine":"%s"}'
        """
            .formatted(String.join(" ", rates), start, name, turns(), name));
    return name + "=sh '" + script + "'";
  }

  private Path turns() {
    return folder.resolve("turns.txt");
  }

  private List<JsonNode> run(int rounds, String... programs) throws IOException {
    String home = System.getProperty("basedir", ".");
    List<String> command = new ArrayList<>(List.of("env", "-C", folder.toString(), "python3"));
    command.add(Path.of(home, "benchmarks/gpu/alternate.py").toAbsolutePath().toString());
    command.addAll(List.of("--rounds", Integer.toString(rounds)));
    command.addAll(List.of(programs));
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Program.run(command).lines().toList()) {
      rows.add(new ObjectMapper().readTree(line));
    }
    return rows;
  }

  @Test
  void programsTakeTurnsAndTheirWindowsAreCompared() throws Exception {
    List<JsonNode> rows =
        run(3, program("a", "", "10", "30", "20"), program("b", "", "5", "10", "20"));
    assertEquals(List.of("a", "b", "a", "b", "a", "b"), Files.readAllLines(turns()));
    JsonNode a = rows.get(0);
    assertEquals("a", a.get("engine").asText());
    assertEquals("[10.0,30.0,20.0]", a.get("windows").toString());
    assertEquals(20, a.get("images_per_second").asDouble());
    assertEquals(10, a.get("min").asDouble());
    assertEquals(30, a.get("max").asDouble());
    assertFalse(a.has("ratio"));
    JsonNode b = rows.get(1);
    assertEquals(2, b.get("ratio").asDouble());
    assertEquals(1, b.get("ratio_min").asDouble());
    assertEquals(3, b.get("ratio_max").asDouble());
  }

  @Test
  void whatFindsNoMemoryBesideTheOthersRunsAlone() throws Exception {
    String taking = "[ ! -e gpu ] || { echo 'out of memory' >&2; exit 1; }\ntouch gpu";
    List<JsonNode> rows =
        run(
            2,
            program("a", taking, "1", "1"),
            program("b", taking, "2", "2"),
            program("c", "", "4", "4"));
    assertEquals(List.of("a", "c", "a", "c", "b", "b"), Files.readAllLines(turns()));
    JsonNode b = rows.get(1);
    assertTrue(b.get("alone").asBoolean());
    assertEquals("out of memory", b.get("why_alone").asText());
    assertEquals(2, b.get("images_per_second").asDouble());
    assertFalse(b.has("ratio"));
    assertFalse(b.has("error"));
    assertEquals(0.25, rows.get(2).get("ratio").asDouble());
  }

  @Test
  void aFailureOfOneIsNotThatOfTheOthers() throws Exception {
    List<JsonNode> rows =
        run(
            2,
            program("a", "", "1", "1"),
            program("b", "echo 'no such option' >&2; exit 2"),
            program("c", "", "1", "nonsense"));
    assertEquals(1, rows.get(0).get("images_per_second").asDouble());
    assertEquals("no such option", rows.get(1).get("error").asText());
    assertEquals("a window's rate was expected, not nonsense", rows.get(2).get("error").asText());
  }
}
