package org.vgg4j.run;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of a checkpoint's files: {@code checkpoint-000017.json} and two of tensors. */
final class CheckpointFiles {
  private static final Pattern NAME =
      Pattern.compile(
          "checkpoint-(\\d{6,15})\\.(json|model\\.safetensors|optimizer\\.safetensors)(\\.tmp)?");

  private CheckpointFiles() {}

  static Path manifest(Path folder, long number) {
    return folder.resolve(label(number) + ".json");
  }

  static Path model(Path folder, long number) {
    return folder.resolve(label(number) + ".model.safetensors");
  }

  static Path optimizer(Path folder, long number) {
    return folder.resolve(label(number) + ".optimizer.safetensors");
  }

  /** Returns what all its files begin with. */
  static String label(long number) {
    return String.format(Locale.ROOT, "checkpoint-%06d", number);
  }

  /** Returns the number of the checkpoint that a file belongs to, 0 when to none. */
  static long number(Path file) {
    Matcher matcher = NAME.matcher(file.getFileName().toString());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
  }

  static boolean isManifest(Path file) {
    return number(file) > 0 && file.getFileName().toString().endsWith(".json");
  }
}
