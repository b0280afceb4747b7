package org.vgg4j.report;

import java.util.List;
import java.util.stream.DoubleStream;
import org.vgg4j.report.LineChart.Series;

/**
 * Draws a chart as SVG. Colours are the page's, by class, so that they change with light and dark.
 * Text is text: no font of this machine is asked how wide it is, and every machine draws the same.
 */
final class ChartDrawing {
  private static final int WIDTH = 480;
  private static final int HEIGHT = 270;
  private static final int LEFT = 68;
  private static final int RIGHT = 14;
  private static final int TOP = 10;
  private static final int BOTTOM = 42;
  private static final int COLOURS = 8;

  /** Lines of more points have no dots on them. */
  private static final int MOST_DOTS = 60;

  private final LineChart chart;
  private final Html svg = new Html();
  private Ticks across;
  private Ticks up;

  ChartDrawing(LineChart chart) {
    this.chart = chart;
  }

  /** Returns the class of a line: its colour, and how it is dashed. */
  static String mark(int line) {
    return "s" + line % COLOURS + (line / COLOURS % 2 == 1 ? " dashed" : "");
  }

  String svg() {
    svg.add("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT, said());
    double[] ys = values().toArray();
    if (ys.length == 0) {
      svg.add("<text class=\"none\" x=\"%d\" y=\"%d\">no values</text>", WIDTH / 2, HEIGHT / 2);
    } else {
      double[] xs =
          chart.series().stream().flatMap(s -> s.xs().stream()).mapToDouble(x -> x).toArray();
      across = Ticks.ofPlaces(least(xs), most(xs), 8);
      up = Ticks.around(least(ys), most(ys), 5);
      axes();
      for (int i = 0; i < chart.series().size(); i++) {
        line(chart.series().get(i), mark(i));
      }
    }
    return svg.html("</svg>").toString();
  }

  private String said() {
    return chart.title() + " by " + chart.x();
  }

  private DoubleStream values() {
    return chart.series().stream()
        .flatMap(s -> s.ys().stream())
        .mapToDouble(y -> y)
        .filter(Double::isFinite);
  }

  private static double least(double[] values) {
    return DoubleStream.of(values).min().orElseThrow();
  }

  private static double most(double[] values) {
    return DoubleStream.of(values).max().orElseThrow();
  }

  private double x(double value) {
    double share = (value - across.low()) / (across.high() - across.low());
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - (value - up.low()) / (up.high() - up.low()) * (HEIGHT - BOTTOM - TOP);
  }

  private void axes() {
    int bottom = HEIGHT - BOTTOM;
    for (double value : up.at()) {
      double y = y(value);
      svg.add(
          "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"up\" x=\"%d\""
              + " y=\"%.1f\">%s</text>",
          LEFT, y, WIDTH - RIGHT, LEFT - 7, y + 4, up.label(value));
    }
    for (double value : across.at()) {
      svg.add(
          "<path class=\"axis\" d=\"M%.1f %dv4\"/><text class=\"at\" x=\"%.1f\" y=\"%d\">%s</text>",
          x(value), bottom, x(value), bottom + 18, across.label(value));
    }
    svg.add("<path class=\"axis\" d=\"M%d %dV%dH%d\"/>", LEFT, TOP, bottom, WIDTH - RIGHT);
    svg.add(
        "<text class=\"at\" x=\"%d\" y=\"%d\">%s</text>\n",
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, chart.x());
  }

  private void line(Series series, String mark) {
    List<Double> xs = series.xs();
    List<Double> ys = series.ys();
    StringBuilder path = new StringBuilder();
    boolean isDown = false; // the pen
    for (int i = 0; i < xs.size(); i++) {
      boolean isThere = Double.isFinite(ys.get(i));
      if (isThere) {
        path.append(new Html().add("%s%.1f %.1f", isDown ? "L" : "M", x(xs.get(i)), y(ys.get(i))));
      }
      isDown = isThere;
    }
    svg.add("<g class=\"%s\"><path class=\"line\" d=\"%s\"/>\n", mark, path.toString());
    for (int i = 0; i < xs.size(); i++) {
      if (Double.isFinite(ys.get(i)) && xs.size() <= MOST_DOTS) {
        svg.add(
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s, %s %s: %s</title></circle>\n",
            x(xs.get(i)),
            y(ys.get(i)),
            series.name(),
            chart.x(),
            Ticks.text(xs.get(i)),
            Ticks.text(ys.get(i)));
      }
    }
    svg.html("</g>");
  }
}
