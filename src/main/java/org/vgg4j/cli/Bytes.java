package org.vgg4j.cli;

import java.util.Locale;

/** Numbers as a person reads them. */
final class Bytes {
  private Bytes() {}

  /** Returns bytes with a binary unit and three or four digits: 512 B, 1.50 KiB, 12.3 MiB. */
  static String text(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 999.5) {
      value /= 1024;
      unit++;
    }
    int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return String.format(Locale.ROOT, "%." + digits + "f %ciB", value, "KMGTPE".charAt(unit));
  }

  /** Returns a count with separators: 138,357,544. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}
