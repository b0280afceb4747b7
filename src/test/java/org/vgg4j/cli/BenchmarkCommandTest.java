package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code ./vgg benchmark} on the reference engine. */
final class BenchmarkCommandTest {
  private static Cli.Result run(String... more) {
    List<String> arguments = new ArrayList<>(List.of("benchmark", "--device", "reference"));
    arguments.addAll(Cli.TINY);
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(new String[0]));
  }

  @Test
  void itTimesAsManyWindowsAsAskedFor() throws Exception {
    Cli.Result result =
        run("--batch-size", "4", "--warm-up", "1", "--steps", "2", "--repeats", "3", "--json");
    assertEquals(0, result.code(), result.err());
    JsonNode json = new ObjectMapper().readTree(result.out());
    assertEquals(4, json.get("batch").asInt());
    assertEquals("1/64", json.get("width").asText());
    assertEquals(3, json.get("windows").size());
    assertEquals(3, json.get("free_bytes").size());
    assertTrue(json.get("min").asDouble() > 0);
    assertTrue(json.get("min").asDouble() <= json.get("images_per_second").asDouble());
    assertTrue(json.get("images_per_second").asDouble() <= json.get("max").asDouble());
    assertEquals(
        4e3 / json.get("images_per_second").asDouble(), json.get("ms_per_step").asDouble(), 1e-2);
  }

  @Test
  void accumulatedPassesAreOneStep() {
    Cli.Result result =
        run("--batch-size", "2", "--accumulate", "3", "--warm-up", "1", "--steps", "1");
    assertEquals(0, result.code(), result.err());
    assertTrue(result.outLines().contains("batch: 6"), result.out());
  }

  @Test
  void inferenceIsTimedInAsManyWindows() throws Exception {
    Cli.Result result =
        run("--inference", "--batch-size", "2", "--accumulate", "2", "--repeats", "3", "--json");
    assertEquals(0, result.code(), result.err());
    JsonNode json = new ObjectMapper().readTree(result.out());
    assertEquals(4, json.get("batch").asInt());
    assertEquals(3, json.get("windows").size());
    assertTrue(json.get("min").asDouble() > 0);
  }

  private static Cli.Result onRequest(String input, String... more) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    try {
      List<String> flags =
          new ArrayList<>(List.of("--on-request", "--warm-up", "1", "--steps", "2"));
      flags.addAll(List.of(more));
      return run(flags.toArray(new String[0]));
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void onRequestEachLineOfTheInputIsAWindow() throws Exception {
    Cli.Result result = onRequest("\n\n", "--batch-size", "4", "--json");
    assertEquals(0, result.code(), result.err());
    List<String> lines = result.outLines();
    assertEquals(4, lines.size(), result.out());
    assertEquals("ready", lines.get(0));
    JsonNode windows = new ObjectMapper().readTree(lines.get(3)).get("windows");
    List<Double> said = lines.subList(1, 3).stream().map(Double::valueOf).sorted().toList();
    assertEquals(said, List.of(windows.get(0).asDouble(), windows.get(1).asDouble()));
  }

  @Test
  void onRequestThereAreAtMostSoManyWindows() {
    Cli.Result result = onRequest("\n\n\n\n", "--repeats", "2");
    assertEquals(0, result.code(), result.err());
    assertEquals(2, result.outLines().stream().filter(line -> line.matches("[0-9.]+")).count());
  }

  @Test
  void withoutAnyRequestThereIsNoResult() {
    Cli.Result result = onRequest("");
    assertEquals(2, result.code());
    assertEquals("ready\n", result.out());
    assertTrue(result.err().startsWith("vgg: no window: standard input ended"), result.err());
  }

  @Test
  void numbersBelowOneAreRefusedByTheirFlag() {
    assertEquals("vgg: --warm-up must be at least 1, not 0", Cli.refused(run("--warm-up", "0")));
    assertEquals("vgg: --steps must be at least 1, not 0", Cli.refused(run("--steps", "0")));
    assertEquals("vgg: --repeats must be at least 1, not -1", Cli.refused(run("--repeats", "-1")));
  }
}
