package org.vgg4j.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A profile as text for 80 columns: what computes an operation is a number that the end explains.
 */
public final class ProfileTable {
  private static final int NAME = 26;
  private static final String HEAD = "%-28s %8s %6s %7s %7s %7s %6s %3s";
  private static final String ROW = "  %-26s %8s %6s %7s %7s %7s %6s %3s";

  /** How many operations the summary names. */
  private static final int WORST = 5;

  private final Profile profile;
  private final List<String> lines = new ArrayList<>();
  private final Map<String, Integer> implementations = new LinkedHashMap<>();

  private ProfileTable(Profile profile) {
    this.profile = profile;
  }

  /** Returns the lines. */
  public static List<String> lines(Profile profile) {
    return new ProfileTable(profile).write();
  }

  private List<String> write() {
    Ceilings ceilings = profile.ceilings();
    line(
        "%d steps of %d images, from step %d to %d: %.2f ms a step (median), %.0f images/s",
        profile.steps(),
        profile.images(),
        profile.firstStep(),
        profile.lastStep(),
        profile.millis(),
        profile.images() / profile.millis() * 1e3);
    line("%s", profile.engine());
    line(
        "at most, measured at the start: %.1f GB/s, %.3f TFLOP/s",
        ceilings.bytesPerSecond() / 1e9, 2 * ceilings.multiplyAddsPerSecond() / 1e12);
    line("");
    line(HEAD, "", "ms", "share", "TFLOP/s", "GB/s", "bound", "times", "by");
    Map<String, List<ProfileRow>> sections = new LinkedHashMap<>();
    for (ProfileRow row : profile.rows()) {
      sections
          .computeIfAbsent((row.part() + " " + row.layer()).strip(), key -> new ArrayList<>())
          .add(row);
    }
    sections.forEach(this::section);
    line("");
    summary();
    line("");
    implementations.forEach((name, number) -> line("%3d  %s", number, name));
    return lines;
  }

  private void section(String name, List<ProfileRow> rows) {
    double millis = rows.stream().mapToDouble(ProfileRow::millis).sum();
    double share = rows.stream().mapToDouble(ProfileRow::share).sum();
    line(HEAD, name, millis(millis), share(share), "", "", "", "", "");
    for (ProfileRow row : rows) {
      if (rows.size() == 1 && row.implementation().isEmpty()) {
        continue; // the line above says it all
      }
      line(
          ROW,
          cut(row.name()),
          millis(row.millis()),
          share(row.share()),
          row.multiplyAdds() == 0 ? "" : number(row.teraflops()),
          row.bytes() == 0 ? "" : number(row.gigabytesPerSecond()),
          row.boundMillis() == 0 ? "" : millis(row.boundMillis()),
          row.boundMillis() == 0 ? "" : times(row),
          row.implementation().isEmpty() ? "" : by(row.implementation()));
    }
  }

  private static String cut(String name) {
    return name.length() <= NAME ? name : name.substring(0, NAME - 1) + ".";
  }

  private String by(String implementation) {
    Integer number =
        implementations.computeIfAbsent(implementation, key -> implementations.size() + 1);
    return number.toString();
  }

  private void summary() {
    List<ProfileRow> marked = profile.rows().stream().filter(ProfileRow::isMarked).toList();
    double share = marked.stream().mapToDouble(ProfileRow::share).sum();
    double conversions =
        profile.rows().stream().filter(ProfileRow::conversion).mapToDouble(ProfileRow::share).sum();
    line(
        "%d operations take %.0f times their bound or more (!): %s of the time.",
        marked.size(), Ceilings.MARKED_TIMES, share(share));
    line("Conversions of order or type take %s of the time.", share(conversions));
    List<ProfileRow> worst =
        profile.rows().stream()
            .filter(row -> row.lostMillis() > 0)
            .sorted(Comparator.comparingDouble(ProfileRow::lostMillis).reversed())
            .limit(WORST)
            .toList();
    line("The most time beyond the bound:");
    for (ProfileRow row : worst) {
      line("  %9s ms  %s %s, %s", millis(row.lostMillis()), row.part(), row.layer(), row.name());
    }
  }

  private static String times(ProfileRow row) {
    return (row.times() >= 1000 ? ">999" : String.format(Locale.ROOT, "%.1f", row.times()))
        + (row.isMarked() ? "!" : " ");
  }

  private static String millis(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String share(double value) {
    return String.format(Locale.ROOT, "%.1f%%", 100 * value);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : "%.1f", value);
  }

  private void line(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
