package org.vgg4j.run;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.io.FileChecksums;
import org.vgg4j.train.TrainingState;

/**
 * A whole checkpoint that was written or found.
 *
 * @param folder where its files are
 * @param manifest what they hold
 */
record Checkpoint(Path folder, CheckpointManifest manifest) {
  /** Returns the name that its files begin with. */
  String label() {
    return CheckpointFiles.label(number());
  }

  long number() {
    return manifest.number();
  }

  Double testAccuracy() {
    return manifest.testAccuracy();
  }

  TrainingState state() {
    return manifest.state();
  }

  /** Returns the bytes of the model and of the optimizer's state. */
  long bytes() {
    return manifest.files().values().stream().mapToLong(FileChecksums::bytes).sum();
  }

  Map<String, Object> config() {
    return manifest.config();
  }

  Path model() {
    return CheckpointFiles.model(folder, number());
  }

  Path optimizer() {
    return CheckpointFiles.optimizer(folder, number());
  }
}
