package org.vgg4j.profile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A profile as an SVG picture: a row each for the step, its parts, their layers and the operations;
 * a box is as wide as its share of the time, and its label stands upright where it is narrow. What
 * takes three times its bound or more is red, conversions are blue, what is not an operation is
 * grey.
 */
public final class ProfilePicture {
  private static final int WIDTH = 1600;

  /** The height of each row; an operation's name fits upright. */
  private static final int[] HEIGHTS = {26, 26, 110, 200};

  private static final int MARGIN = 10;
  private static final int TOP = 64;
  private static final double CHARACTER = 6.7; // the width of one, at the size of the labels
  private static final int LINE = 13; // the height of one

  private static final String MARKED = "#e8704f";
  private static final String CONVERSION = "#79a8d8";
  private static final String OPERATION = "#a6cf8c";
  private static final String NOTHING = "#d5d5d5";
  private static final String GROUP = "#ecd9a4";

  private final StringBuilder svg = new StringBuilder();
  private final Profile profile;

  private ProfilePicture(Profile profile) {
    this.profile = profile;
  }

  /** Returns the text of the SVG file. */
  public static String svg(Profile profile) {
    return new ProfilePicture(profile).write();
  }

  private String write() {
    int height = top(HEIGHTS.length) + MARGIN;
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"12\">",
        WIDTH, height, WIDTH, height);
    add("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, height);
    add(
        "<text x=\"%d\" y=\"24\" font-size=\"15\">%.2f ms a step of %d images, %s</text>",
        MARGIN, profile.millis(), profile.images(), escaped(profile.engine()));
    legend();
    box(0, 1, 0, GROUP, "step", "the step");
    double at = 0;
    for (Map.Entry<String, List<ProfileRow>> part :
        grouped(profile.rows(), ProfileRow::part).entrySet()) {
      part(at, part.getKey(), part.getValue());
      at += share(part.getValue());
    }
    add("</svg>");
    return svg.toString();
  }

  private static int top(int row) {
    return TOP + Arrays.stream(HEIGHTS).limit(row).sum();
  }

  private void legend() {
    int x = MARGIN;
    String[][] all = {
      {OPERATION, "operations"},
      {MARKED, "three times their bound or more"},
      {CONVERSION, "conversions of order or type"},
      {NOTHING, "no operation"}
    };
    for (String[] each : all) {
      add("<rect x=\"%d\" y=\"38\" width=\"12\" height=\"12\" fill=\"%s\"/>", x, each[0]);
      add("<text x=\"%d\" y=\"48\">%s</text>", x + 17, each[1]);
      x += 40 + (int) (each[1].length() * CHARACTER);
    }
  }

  private void part(double from, String name, List<ProfileRow> rows) {
    box(from, share(rows), 1, GROUP, name, name);
    double at = from;
    for (Map.Entry<String, List<ProfileRow>> layer : grouped(rows, ProfileRow::layer).entrySet()) {
      double share = share(layer.getValue());
      if (!layer.getKey().isEmpty()) {
        box(at, share, 2, GROUP, layer.getKey(), name + " " + layer.getKey());
      }
      for (ProfileRow row : layer.getValue()) {
        box(at, row.share(), 3, colour(row), row.name(), tip(row));
        at += row.share();
      }
    }
  }

  private static String colour(ProfileRow row) {
    return row.isMarked()
        ? MARKED
        : row.conversion() ? CONVERSION : row.implementation().isEmpty() ? NOTHING : OPERATION;
  }

  private static String tip(ProfileRow row) {
    return String.format(
        Locale.ROOT,
        "%s %s: %s, %.3f ms%s %s",
        row.part(),
        row.layer(),
        row.name(),
        row.millis(),
        row.boundMillis() == 0
            ? ""
            : String.format(Locale.ROOT, ", %.1f times %.3f ms", row.times(), row.boundMillis()),
        row.implementation());
  }

  private static Map<String, List<ProfileRow>> grouped(
      List<ProfileRow> rows, Function<ProfileRow, String> key) {
    Map<String, List<ProfileRow>> groups = new LinkedHashMap<>();
    rows.forEach(row -> groups.computeIfAbsent(key.apply(row), each -> new ArrayList<>()).add(row));
    return groups;
  }

  private static double share(List<ProfileRow> rows) {
    return rows.stream().mapToDouble(ProfileRow::share).sum();
  }

  private void box(double from, double share, int row, String fill, String label, String tip) {
    double x = MARGIN + from * (WIDTH - 2 * MARGIN);
    double width = share * (WIDTH - 2 * MARGIN);
    int y = top(row);
    int height = HEIGHTS[row];
    add("<g><title>%s (%.1f%%)</title>", escaped(tip), 100 * share);
    add(
        "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\" stroke=\"white\""
            + " stroke-width=\"0.5\"/>",
        x, y, Math.max(0, width), height - 1, fill);
    if (label.length() * CHARACTER + 6 <= width) {
      add("<text x=\"%.2f\" y=\"%d\">%s</text>", x + 3, y + LINE + 4, escaped(label));
    } else if (width >= LINE && height > 2 * LINE) {
      double middle = x + width / 2 + 4;
      int bottom = y + height - 5;
      add(
          "<text x=\"%.2f\" y=\"%d\" transform=\"rotate(-90 %.2f %d)\">%s</text>",
          middle, bottom, middle, bottom, escaped(label));
    }
    add("</g>");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
