package org.vgg4j.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/** Numbers as a person reads them. */
final class Bytes {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})([KMGkmg]?)[Bb]?");

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

  /**
   * Returns a number of bytes such as 1048576, 512M or 1G.
   *
   * @throws InvalidInputException when it is no such thing
   */
  static long parse(String flag, String text) {
    Matcher parts = SIZE.matcher(text.strip());
    if (!parts.matches()) {
      throw new InvalidInputException(flag + " takes a size such as 512M or 1G, not " + text);
    }
    long number = Long.parseLong(parts.group(1));
    return switch (parts.group(2).toUpperCase(Locale.ROOT)) {
      case "K" -> number << 10;
      case "M" -> number << 20;
      case "G" -> number << 30;
      default -> number;
    };
  }
}
