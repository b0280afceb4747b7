package org.vgg4j.report;

import java.util.Locale;

/** Figures as a person reads them; - stands for what is no number. */
final class Figures {
  private Figures() {}

  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "-";
  }

  static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%.2f%%", 100 * share) : "-";
  }

  static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 100
        ? String.format(Locale.ROOT, "%.1f s", seconds)
        : whole < 6000
            ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
            : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole / 60 % 60);
  }
}
