package org.vgg4j.evaluation;

import java.util.Locale;

/**
 * Where the images of a data set lie.
 *
 * @param bytes what they take of the engine's memory, with labels and order; 0 on the host
 * @param reason why they are on the host, null when they are not
 */
public record ImagePlace(long bytes, String reason) {
  /** Returns whether they lie in the engine's memory. */
  public boolean isOnDevice() {
    return reason == null;
  }

  /** Returns bytes in words: 47.5 MB, 12 kB. */
  public static String text(long bytes) {
    return bytes < 1_000_000
        ? Math.round(bytes / 1e3) + " kB"
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
