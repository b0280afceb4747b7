package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.testing.ShapePictures;

/** A folder of real pictures, two of them broken, is trained on from beginning to end. */
final class ShapesTest {
  private static final int EACH = 60;
  private static final double ENOUGH = 0.95;

  @TempDir private static Path shared;
  private static Path pictures;

  @BeforeAll
  static void write() throws IOException {
    pictures = ShapePictures.write(shared.resolve("shapes"), EACH, 2, 1);
  }

  private static List<String> flags(Path out, String... more) {
    List<String> flags = new ArrayList<>(List.of("train", "--out", out.toString()));
    flags.addAll(List.of("--data", pictures.toString(), "--split", "0.2", "--device", "cpu"));
    flags.addAll(List.of("--on-bad-image", "skip", "--scale", "32..40", "--flip"));
    flags.addAll(List.of("--arch", "vgg11", "--dropout", "0", "--lr", "0.002"));
    flags.addAll(List.of("--batch-size", "16", "--threads", "1"));
    flags.addAll(List.of(more));
    return flags;
  }

  @Test
  void theHeldOutPicturesAreKnown() throws IOException {
    Path out = shared.resolve("run");
    Cli.Result result = Cli.run(flags(out, "--epochs", "30").toArray(new String[0]));
    assertEquals(0, result.code(), result.err());
    assertEquals(2, result.errLines().stream().filter(line -> line.contains("broken.jpg")).count());
    List<String> metrics = Files.readAllLines(out.resolve("metrics.jsonl"));
    JsonNode last = new ObjectMapper().readTree(metrics.get(metrics.size() - 1));
    assertTrue(last.get("testAccuracy").doubleValue() >= ENOUGH, result.out());
    assertTrue(last.get("testTopFive").doubleValue() >= last.get("testAccuracy").doubleValue());
    JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
    assertEquals(2, config.get("leftOutImages").intValue());
    assertEquals(10 * EACH * 4 / 5, config.get("trainImages").intValue());
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // it kills no processes
  void killedItEndsWithTheSameBits() throws Exception {
    Path whole = shared.resolve("whole");
    String[] more = {"--epochs", "8", "--checkpoint-every", "3", "--color-shift", "0.1"};
    Cli.Result result = Cli.run(flags(whole, more).toArray(new String[0]));
    assertEquals(0, result.code(), result.err());
    Path killed = shared.resolve("killed");
    Path log = shared.resolve("log");
    Process process = TinyRun.start(log, flags(killed, more));
    while (process.isAlive() && TinyRun.newest(killed) < 2) {
      process.waitFor(2, TimeUnit.MILLISECONDS);
    }
    process.destroyForcibly().waitFor();
    assertEquals(137, process.exitValue(), Files.readString(log));
    Cli.Result resumed = Cli.run("train", "--resume", killed.toString());
    assertEquals(0, resumed.code(), resumed.err());
    assertTrue(resumed.err().contains("resuming from checkpoint-"), resumed.err());
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(killed.resolve("model.safetensors")));
  }
}
