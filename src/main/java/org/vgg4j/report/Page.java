package org.vgg4j.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vgg4j.io.AtomicFile;

/**
 * A page of titles, paragraphs, tables, charts and pictures in one HTML file: it asks no network
 * for anything, runs no script, and is readable on a phone, in print, light and dark. All values
 * are escaped. The same parts give the same bytes.
 *
 * <pre>{@code
 * new Page("Two runs")
 *     .section("Loss")
 *     .paragraph("Both at the same rate.")
 *     .add(new LineChart("loss", "epoch", List.of(Series.of("a", losses))))
 *     .write(Path.of("runs.html"));
 * }</pre>
 */
public final class Page {
  private static final String STYLE = "page.css";

  private final String title;
  private final List<Part> parts = new ArrayList<>();

  private record Part(String heading, List<Block> blocks) {}

  /** Begins a page with its title. */
  public Page(String title) {
    this.title = title;
    parts.add(new Part(null, new ArrayList<>()));
  }

  /** Begins a section. */
  public Page section(String heading) {
    parts.add(new Part(heading, new ArrayList<>()));
    return this;
  }

  /** Adds a paragraph. */
  public Page paragraph(String text) {
    return add(new Text(text));
  }

  /** Adds a block; charts that follow each other stand side by side where there is room. */
  public Page add(Block block) {
    parts.get(parts.size() - 1).blocks().add(block);
    return this;
  }

  /** Returns the HTML. */
  public String html() {
    Html html = new Html();
    html.html("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.html("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.html("<meta name=\"color-scheme\" content=\"light dark\">\n");
    // Nothing may be asked for, not even an icon.
    html.html("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
    html.html(
        " img-src data:; style-src 'unsafe-inline'\">\n<link rel=\"icon\" href=\"data:,\">\n");
    html.add("<title>%s</title>\n", title).html("<style>\n" + style() + "</style>\n</head>\n");
    html.add("<body>\n<h1 dir=\"auto\">%s</h1>\n", title);
    for (Part part : parts) {
      if (part.heading() == null) {
        blocks(html, part.blocks());
      } else {
        html.add("<section>\n<h2 dir=\"auto\">%s</h2>\n", part.heading());
        blocks(html, part.blocks());
        html.html("</section>\n");
      }
    }
    return html.html("</body>\n</html>\n").toString();
  }

  private static void blocks(Html html, List<Block> blocks) {
    boolean isInCharts = false;
    for (Block block : blocks) {
      boolean isChart = block instanceof LineChart;
      html.html(isChart == isInCharts ? "" : isChart ? "<div class=\"charts\">\n" : "</div>\n");
      html.html(block.html());
      isInCharts = isChart;
    }
    html.html(isInCharts ? "</div>\n" : "");
  }

  private static String style() {
    try (InputStream style = Page.class.getResourceAsStream(STYLE)) {
      return new String(style.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @throws IOException when it cannot be written; an earlier file is then unchanged
   */
  public void write(Path file) throws IOException {
    AtomicFile.write(file, html().getBytes(StandardCharsets.UTF_8));
  }
}
