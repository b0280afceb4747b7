package org.vgg4j.run;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.train.TrainingState;

/** A whole checkpoint that was written or found. */
final class Checkpoint {
  private final Path folder;
  private final CheckpointManifest manifest;

  Checkpoint(Path folder, CheckpointManifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /** Returns the name that its files begin with. */
  String label() {
    return CheckpointFiles.label(number());
  }

  CheckpointManifest manifest() {
    return manifest;
  }

  long number() {
    return manifest.number();
  }

  /** Returns the test accuracy of its weights; null unless an epoch had just ended. */
  Double testAccuracy() {
    return manifest.testAccuracy();
  }

  /** Returns where the training stood. */
  TrainingState state() {
    return manifest.state();
  }

  /** Returns the configuration that the training had. */
  Map<String, Object> config() {
    return manifest.config();
  }

  /** Returns the file of the net, which is a model file like any other. */
  Path model() {
    return CheckpointFiles.model(folder, number());
  }

  /** Returns the file of the optimizer's tensors. */
  Path optimizer() {
    return CheckpointFiles.optimizer(folder, number());
  }
}
