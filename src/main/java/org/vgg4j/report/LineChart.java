package org.vgg4j.report;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A chart of lines. Values that are not finite are gaps; a line of one point is a point.
 *
 * @param title what it shows
 * @param x what goes to the right, such as epoch
 * @param series the lines
 */
public record LineChart(String title, String x, List<Series> series) implements Block {
  /** Copies the list. */
  public LineChart {
    series = List.copyOf(series);
  }

  /**
   * A line.
   *
   * @param name what it is called in the legend
   * @param xs where its points are, rising
   * @param ys their values, as many
   */
  public record Series(String name, List<Double> xs, List<Double> ys) {
    /** Copies the lists. */
    public Series {
      xs = List.copyOf(xs);
      ys = List.copyOf(ys);
      if (xs.size() != ys.size()) {
        throw new IllegalArgumentException(
            "%s has %d places and %d values".formatted(name, xs.size(), ys.size()));
      }
    }

    /** Returns a line whose points are at 1, 2, 3 and so on. */
    public static Series of(String name, List<Double> ys) {
      return new Series(
          name, IntStream.rangeClosed(1, ys.size()).mapToObj(i -> (double) i).toList(), ys);
    }
  }

  @Override
  public String html() {
    Html html = new Html().html("<figure class=\"chart\">");
    html.add("<figcaption dir=\"auto\">%s</figcaption>\n", title);
    html.html(new ChartDrawing(this).svg());
    if (series.size() > 1) {
      html.html("<div class=\"legend\">");
      for (int i = 0; i < series.size(); i++) {
        html.add("<span class=\"%s\"><i></i>", ChartDrawing.mark(i));
        html.add("<bdi>%s</bdi></span>\n", series.get(i).name());
      }
      html.html("</div>");
    }
    return html.html("</figure>\n").toString();
  }
}
