package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vgg4j.io.ContentHash;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingState;

final class CheckpointManifestTest {
  private static final EpochMetrics EPOCH = new EpochMetrics(1, 0.5, 0.25, 0.75, 9, 100, 3);
  private static final CheckpointManifest MANIFEST =
      new CheckpointManifest(
          CheckpointManifest.FORMAT,
          7,
          null,
          new TrainingState(5, 6, 2, 1, 0, 1.5, 0.5, LossTotals.NONE, List.of(EPOCH)),
          Map.of("seed", 1),
          Map.of());

  @Test
  void itComesBack() {
    assertEquals(MANIFEST, CheckpointManifest.decode(MANIFEST.encode()));
  }

  /** Those of before the wait for images was counted: it counts as none. */
  @Test
  void earlierOnesAreRead() {
    String text = new String(MANIFEST.encode(), StandardCharsets.UTF_8);
    String body =
        text.substring(0, text.indexOf(",\n\"sha256\""))
            .replaceAll(",\\s*\"waitSeconds\" : [0-9.]+", "");
    assertEquals(-1, body.indexOf("waitSeconds"));
    String begun = body + ",\n\"sha256\" : \"";
    byte[] earlier = (begun + ContentHash.sha256(begun) + "\"}\n").getBytes(StandardCharsets.UTF_8);
    TrainingState state = CheckpointManifest.decode(earlier).state();
    assertEquals(0, state.waitSeconds());
    assertEquals(1.5, state.epochSeconds());
    assertEquals(List.of(new EpochMetrics(1, 0.5, 0.25, 0.75, 9, 100, 0)), state.finished());
  }
}
