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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code train --profile} prints and writes. */
final class ProfileCommandTest {
  private static final List<String> NAMES = List.of("profile.json", "profile.svg", "profile.txt");
  private static final double ROUNDING = 1e-9;

  @TempDir private Path folder;

  /** Trains on 75 images: per epoch 4 whole steps and one of 11 images. */
  private static Cli.Result train(Path out, String... more) {
    String[] flags = {"--data", "sample", "--train-limit", "75", "--test-limit", "8"};
    String[] all = new String[flags.length + more.length];
    System.arraycopy(flags, 0, all, 0, flags.length);
    System.arraycopy(more, 0, all, flags.length, more.length);
    return Cli.train(out, all);
  }

  private static JsonNode profile(Path out) throws IOException {
    return new ObjectMapper().readTree(out.resolve("profile.json").toFile());
  }

  private static Map<String, Double> runs(JsonNode profile) {
    Map<String, Double> runs = new HashMap<>();
    for (JsonNode each : profile.get("operations")) {
      String key = each.get("part").asText() + " " + each.get("layer").asText();
      runs.merge(key + ": " + each.get("name").asText(), each.get("runs").asDouble(), Double::sum);
    }
    return runs;
  }

  @Test
  void everyOperationOfAStepIsThereAndNothingElseChanges() throws IOException {
    Path out = folder.resolve("profiled");
    String[] flags = {"--epochs", "2", "--batch-size", "16", "--profile", "2"};
    Cli.Result result = train(out, flags);
    assertEquals(0, result.code(), result.err());
    JsonNode profile = profile(out);
    assertEquals(2, profile.get("steps").asInt());
    assertEquals(16, profile.get("imagesPerStep").asInt());
    Map<String, Double> runs = runs(profile);
    for (String one :
        List.of(
            "input wait for a batch: all of it",
            "input upload: all of it",
            "forward features.0: convolution",
            "forward features.0: batch norm",
            "forward features.0: running statistics",
            "forward features.0: max-pool",
            "forward classifier.0: linear layer",
            "forward classifier.2: dropout",
            "loss loss: cross entropy",
            "backward classifier.2: dropout",
            "backward features.0: convolution weights gradient",
            "backward features.4: convolution data gradient",
            "backward features.4: batch norm gradient",
            "backward features.4: max-pool gradient",
            "update optimizer: adam",
            "rest : between sections")) {
      assertEquals(1.0, runs.get(one), one + " of " + runs.keySet());
    }
    assertFalse(runs.containsKey("backward features.0: convolution data gradient"));
    double shares = 0;
    for (JsonNode each : profile.get("operations")) {
      if (each.get("name").asText().startsWith("convolution")) {
        // 4 channels of 8 x 8 from 1, then 6 of 4 x 4 from 4, by 3 x 3
        boolean isFirst = each.get("layer").asText().equals("features.0");
        long one = isFirst ? 8 * 8 * 4 * 9 : 4 * 4 * 6 * 4 * 9;
        assertEquals(16 * one, each.get("multiplyAdds").asLong(), each.toString());
        assertFalse(each.get("implementation").asText().isEmpty());
      }
      shares += each.get("share").asDouble();
      assertTrue(each.get("millis").asDouble() >= 0, each.toString());
    }
    assertFalse(!(Math.abs(shares - 1) <= ROUNDING), "the shares add up to " + shares);
    String text = Files.readString(out.resolve("profile.txt"));
    assertTrue(result.out().contains(text), result.out());
    assertEquals(4, profile.get("firstStep").asInt());
    assertEquals(6, profile.get("lastStep").asInt(), "the fifth has 11 images");

    Path plain = folder.resolve("plain");
    train(plain, "--epochs", "2", "--batch-size", "16");
    assertArrayEquals(
        Files.readAllBytes(plain.resolve("model.safetensors")),
        Files.readAllBytes(out.resolve("model.safetensors")));
    assertTrue(Cli.names(plain).stream().noneMatch(NAMES::contains), "nothing was asked for");
  }

  @Test
  void aStepOfSeveralBatchesHasEachOperationOnceForEach() throws IOException {
    Path out = folder.resolve("accumulated");
    train(out, "--epochs", "3", "--batch-size", "8", "--accumulate", "4", "--profile", "2");
    JsonNode profile = profile(out);
    assertEquals(32, profile.get("imagesPerStep").asInt());
    Map<String, Double> runs = runs(profile);
    assertEquals(4, runs.get("forward features.0: convolution"));
    assertEquals(4, runs.get("update sum: accumulate"));
    assertEquals(1, runs.get("update optimizer: adam"));
  }

  @Test
  void aShortTrainingProfilesWhatThereIs() throws IOException {
    Path out = folder.resolve("short");
    train(out, "--epochs", "1", "--batch-size", "16", "--profile");
    assertEquals(1, profile(out).get("steps").asInt(), "of 4 whole steps, 3 warm up");
    Cli.Result none = train(folder.resolve("none"), "--epochs", "1", "--profile");
    assertTrue(none.err().contains("no profile: the training ended within"), none.err());
  }

  @Test
  void theReferenceIsTimedBySection() throws IOException {
    Path out = folder.resolve("reference");
    String[] flags = {
      "--epochs", "1", "--batch-size", "16", "--profile", "1", "--device", "reference"
    };
    Cli.Result result = train(out, flags);
    assertEquals(0, result.code(), result.err());
    Map<String, Double> runs = runs(profile(out));
    assertEquals(1, runs.get("forward features.0: all of it"));
    assertEquals(1, runs.get("update optimizer: all of it"));
  }

  @Test
  void noStepsAreRefused() {
    Path out = folder.resolve("refused");
    String line = Cli.refused(train(out, "--profile", "0"));
    assertTrue(line.contains("--profile must be at least 1, not 0"), line);
    assertFalse(Files.exists(out));
  }
}
