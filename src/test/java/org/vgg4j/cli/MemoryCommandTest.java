package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.run.MemoryChoice;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;

/** {@code --memory} on the command line, on the CPU engine. */
final class MemoryCommandTest {
  private static final Map<String, String> NET =
      Map.of(
          "layers", "64,64,M,64,64,M,64,M",
          "width", "1/8",
          "imageSize", "32",
          "batchSize", "16");

  private static final List<String> FLAGS =
      List.of(
          ("--layers 64,64,M,64,64,M,64,M --width 1/8 --image-size 32 --batch-size 16 --data sample"
                  + " --train-limit 40 --test-limit 20 --device cpu --lr-schedule constant")
              .split(" "));

  @TempDir private Path folder;

  private static List<MemoryChoice> ways(int split) {
    Recipe recipe = Settings.recipe(Recipe.quick(), NET);
    try (Backend backend = Backends.open("cpu").backend()) {
      return MemoryChoice.ways(recipe, 40, backend, split);
    }
  }

  private static Cli.Result run(String command, List<String> flags, String... more) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(flags);
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(String[]::new));
  }

  private byte[] trained(String name, String epochs, String... more) throws IOException {
    List<String> flags = new ArrayList<>(FLAGS);
    flags.addAll(List.of("--epochs", epochs, "--out", folder.resolve(name).toString()));
    Cli.Result result = run("train", flags, more);
    assertEquals(0, result.code(), result::err);
    Files.writeString(folder.resolve(name + ".err"), result.err());
    return model(name);
  }

  private byte[] model(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }

  private String err(String name) throws IOException {
    return Files.readString(folder.resolve(name + ".err"));
  }

  private JsonNode config(String name) throws IOException {
    return new ObjectMapper().readTree(folder.resolve(name).resolve("config.json").toFile());
  }

  @Test
  void aLimitThatSplitsNoBatchKeepsTheBits() throws IOException {
    byte[] expected = trained("free", "2");
    assertFalse(err("free").contains(" takes "), err("free")); // no way was chosen
    assertFalse(config("free").has("memory"));
    List<MemoryChoice> ways = ways(1);
    assertTrue(ways.size() > 3, () -> ways.size() + " ways");
    for (MemoryChoice way : ways.subList(1, ways.size())) {
      String name = "limit-" + way.bytes();
      assertArrayEquals(expected, trained(name, "2", "--memory", Long.toString(way.bytes())));
      String line = "memory: " + way.text() + " takes ";
      assertTrue(err(name).contains(line), err(name));
      assertEquals(way.way().recomputation().text(), config(name).get("again").asText());
      assertEquals(Long.toString(way.bytes()), config(name).get("memory").asText());
    }
  }

  @Test
  void aResumedRunKeepsItsPassesUntilALimitIsGiven() throws IOException {
    List<MemoryChoice> whole = ways(1);
    String limit = Long.toString(whole.get(whole.size() - 1).bytes() - 1);
    byte[] expected = trained("whole", "2", "--memory", limit);
    Matcher said =
        Pattern.compile("WARNING: each batch of 16 is split into (\\d+) passes, and batch norm")
            .matcher(err("whole"));
    assertTrue(said.find(), err("whole"));
    trained("part", "1", "--memory", limit);
    Cli.Result result = resume("--epochs", "2");
    assertEquals(0, result.code(), result::err);
    assertTrue(result.err().contains(", " + said.group(1) + " passes of "), result.err());
    assertArrayEquals(expected, model("part"));
    result = resume("--epochs", "3", "--memory", "auto");
    assertEquals(0, result.code(), result::err);
    assertTrue(
        result.err().contains("changed: --memory auto (the run: " + limit + ")"), result.err());
    assertFalse(result.err().contains("passes"), result.err());
    assertFalse(config("part").has("split"));
  }

  private Cli.Result resume(String... more) {
    return run("train", List.of("--resume", folder.resolve("part").toString()), more);
  }

  @Test
  void whatCannotFitIsRefusedInOneLine() {
    List<String> flags = new ArrayList<>(FLAGS);
    flags.addAll(List.of("--out", folder.resolve("none").toString()));
    String line = Cli.refused(run("train", flags, "--memory", "64K"));
    assertTrue(
        line.matches(
            "vgg: not enough memory on the cpu engine, even with stages? .* computed"
                + " again, \\d+ passes of \\d+: \\d+ MiB needed, 1 MiB free of the limit that was"
                + " asked for; use .*"),
        line);
    assertFalse(Files.exists(folder.resolve("none")));
    line = Cli.refused(run("train", flags, "--memory", "much"));
    assertEquals("vgg: --memory must be auto or a size such as 4G, not much", line);
  }

  @Test
  void theSummaryShowsTheWays() {
    List<String> net = FLAGS.subList(0, 8);
    Cli.Result result = run("summary", net, "--device", "cpu");
    assertEquals(0, result.code(), result::err);
    assertTrue(result.out().contains("everything kept "), result.out());
    assertFalse(result.out().contains("<- taken"), result.out());
    long limit = ways(1).get(0).bytes() - 1;
    result = run("summary", net, "--device", "cpu", "--memory", Long.toString(limit));
    String taken =
        result.outLines().stream().filter(l -> l.contains("<- taken")).findFirst().orElseThrow();
    assertTrue(taken.startsWith("stage 3 computed again  <- taken"), taken);
    assertTrue(result.outLines().stream().allMatch(l -> l.length() <= 82), result.out());
    result = run("summary", net, "--device", "cpu", "--memory", "64K");
    String flat = result.out().replaceAll("\\s+", " ");
    assertTrue(flat.contains("not enough memory on the cpu engine, even with "), result.out());
  }
}
