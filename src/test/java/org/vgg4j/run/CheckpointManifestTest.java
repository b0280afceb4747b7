package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vgg4j.io.ContentHash;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingState;

/** Manifests come back, those of versions that knew less of an epoch too. */
final class CheckpointManifestTest {
  private static CheckpointManifest manifest(Double rate) {
    EpochMetrics epoch = new EpochMetrics(1, 0.7, 0.6, 0.5, null, 4, 3, 2.0, rate);
    TrainingState state = new TrainingState(9, 9, 2, 0, 0, 0, 0.5, LossTotals.NONE, List.of(epoch));
    return new CheckpointManifest(CheckpointManifest.FORMAT, 3, 0.5, state, Map.of(), Map.of());
  }

  /** Takes a line out of a manifest, whose hash is made to fit. */
  private static byte[] without(String line, CheckpointManifest manifest) {
    String text = new String(manifest.encode(), StandardCharsets.UTF_8);
    String shorter = text.replaceAll(",\\s*\"" + line + "\" : [^,}\\s]*", "");
    int hash = shorter.length() - 64 - "\"}\n".length();
    String body = shorter.substring(0, hash);
    assertEquals(text.length() > shorter.length(), true);
    return (body + ContentHash.sha256(body) + "\"}\n").getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void theRateOfAnEpochComesBack() {
    CheckpointManifest manifest = manifest(1e-3);
    assertEquals(manifest, CheckpointManifest.decode(manifest.encode()));
  }

  @Test
  void anEpochOfAnOlderVersionHasNoRate() {
    EpochMetrics epoch =
        CheckpointManifest.decode(without("learningRate", manifest(1e-3)))
            .state()
            .finished()
            .get(0);
    assertNull(epoch.learningRate());
    assertEquals(manifest(null).state().finished().get(0), epoch);
    assertThrows(
        InvalidInputException.class,
        () -> CheckpointManifest.decode(without("trainAccuracy", manifest(1e-3))));
  }

  /** Of before the wait for images was counted: what is left of an epoch counts it from here. */
  @Test
  void anOlderVersionDidNotCountTheWait() {
    TrainingState state = CheckpointManifest.decode(without("waitSeconds", manifest(1e-3))).state();
    assertEquals(0, state.waitSeconds());
    assertNull(state.finished().get(0).waitSeconds());
    assertEquals(3, state.finished().get(0).imagesPerSecond());
  }
}
