package org.vgg4j.report;

import java.util.List;

/**
 * Horizontal bars, a line each.
 *
 * @param bars from top to bottom
 */
public record Bars(List<Bar> bars) implements Block {
  /** Copies the list. */
  public Bars {
    bars = List.copyOf(bars);
  }

  /**
   * A bar.
   *
   * @param name what stands before it
   * @param share its length, of the longest that there could be: 0 to 1; not a number for none
   * @param text what stands behind it
   */
  public record Bar(String name, double share, String text) {}

  @Override
  public String html() {
    Html html = new Html().html("<div class=\"bars\">\n");
    for (Bar bar : bars) {
      double share = bar.share() >= 0 ? Math.min(1, bar.share()) : 0;
      html.add("<span class=\"name\" dir=\"auto\">%s</span>", bar.name());
      html.add("<span class=\"bar\"><i style=\"width:%.1f%%\"></i></span>", 100 * share);
      html.add("<span class=\"value\">%s</span>\n", bar.text());
    }
    return html.html("</div>\n").toString();
  }
}
