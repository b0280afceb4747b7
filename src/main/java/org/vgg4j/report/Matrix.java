package org.vgg4j.report;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;

/**
 * A confusion matrix as a picture: a row for each class, a column for each answer, the stronger a
 * cell's colour the larger its share of the row. Up to {@value #MOST_NAMED} classes have names;
 * more are a pixel or some for each cell.
 *
 * @param names of the classes
 * @param counts how many images of class i (row) were answered with j (column)
 */
record Matrix(List<String> names, long[][] counts) implements Block {
  private static final int MOST_NAMED = 30;

  /** Up to so many classes the counts stand in the cells. */
  private static final int MOST_COUNTED = 15;

  private static final int SIDE = 512; // about what a picture without names is high
  private static final int LABEL = 104;
  private static final int LONGEST = 14; // characters of a name
  private static final int RIGHT = 0x2F6FB5;
  private static final int WRONG = 0xD9542B;

  @Override
  public String html() {
    String said = names.size() + " classes: rows are what the images are, columns the answers";
    return names.size() <= MOST_NAMED
        ? named(said)
        : "<figure class=\"matrix\">" + Pictures.image(pixels(), said) + "</figure>\n";
  }

  private String named(String said) {
    int count = names.size();
    int cell = count <= MOST_COUNTED ? 34 : 20;
    int side = LABEL + count * cell;
    Html svg = new Html();
    svg.add(
        "<div class=\"scroll\"><svg class=\"matrix\" style=\"width:%dpx;min-width:%dpx\""
            + " viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
        side, count <= MOST_COUNTED ? side * 4 / 5 : side, side, side, said);
    for (int i = 0; i < count; i++) {
      double middle = LABEL + (i + 0.5) * cell;
      String name = shortened(names.get(i));
      svg.add("<text class=\"up\" x=\"%d\" y=\"%.1f\">%s</text>", LABEL - 6, middle + 4, name);
      svg.add(
          "<text class=\"on\" transform=\"translate(%.1f %d) rotate(-90)\">%s</text>\n",
          middle + 4, LABEL - 6, name);
      for (int j = 0; j < count; j++) {
        cell(svg, i, j, cell);
      }
    }
    return svg.html("</svg></div>\n").toString();
  }

  private void cell(Html svg, int i, int j, int cell) {
    double strength = strength(i, j);
    int x = LABEL + j * cell;
    int y = LABEL + i * cell;
    svg.add(
        "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill-opacity=\"%.2f\">",
        i == j ? "right" : "wrong", x, y, cell - 1, cell - 1, strength);
    svg.add(
        "<title>%s answered as %s: %d</title></rect>", names.get(i), names.get(j), counts[i][j]);
    if (names.size() <= MOST_COUNTED && counts[i][j] > 0) {
      svg.add(
          "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
          strength > 0.55 ? "in strong" : "in",
          x + (cell - 1) / 2.0,
          y + cell / 2.0 + 4,
          brief(counts[i][j]));
    }
  }

  /** Returns how strong a cell is, 0 to 1: a few errors are to be seen. */
  private double strength(int i, int j) {
    long sum = 0;
    for (long count : counts[i]) {
      sum += count;
    }
    return sum == 0 ? 0 : Math.sqrt((double) counts[i][j] / sum);
  }

  private BufferedImage pixels() {
    int count = names.size();
    int each = Math.max(1, SIDE / count);
    BufferedImage image =
        new BufferedImage(count * each, count * each, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        int argb = (int) Math.round(255 * strength(i, j)) << 24 | (i == j ? RIGHT : WRONG);
        for (int p = 0; p < each * each; p++) {
          image.setRGB(j * each + p % each, i * each + p / each, argb);
        }
      }
    }
    return image;
  }

  private static String brief(long count) {
    return count < 10_000
        ? Long.toString(count)
        : String.format(Locale.ROOT, "%.0fk", count / 1000.0);
  }

  private static String shortened(String name) {
    int length = name.codePointCount(0, name.length());
    return length <= LONGEST
        ? name
        : name.substring(0, name.offsetByCodePoints(0, LONGEST - 1)) + "…";
  }
}
