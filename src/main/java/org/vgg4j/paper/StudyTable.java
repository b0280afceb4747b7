package org.vgg4j.paper;

import java.util.List;

/**
 * A table of results as text.
 *
 * @param title a line above it
 * @param header the names of its columns
 * @param rows as many cells each
 */
public record StudyTable(String title, List<String> header, List<List<String>> rows) {
  /** Copies the lists. */
  public StudyTable {
    header = List.copyOf(header);
    rows = rows.stream().map(List::copyOf).toList();
  }

  /** Returns the table in Markdown, with its title, line by line. */
  List<String> markdown() {
    StringBuilder text = new StringBuilder("**" + title + "**\n\n");
    text.append(line(header)).append('\n').append("|---".repeat(header.size())).append("|\n");
    rows.forEach(row -> text.append(line(row)).append('\n'));
    return text.toString().lines().toList();
  }

  private static String line(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |";
  }
}
