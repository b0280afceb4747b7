package org.vgg4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A table. Columns of numbers stand to the right; a table that is wider than the page is scrolled
 * by itself.
 *
 * @param columns what the columns are called; none is named where all are empty
 * @param rows their cells, as many in each as there are columns
 */
public record Table(List<String> columns, List<List<String>> rows) implements Block {
  private static final Pattern NUMBER = Pattern.compile("[-+]?[\\d.,]+([eE][-+]?\\d+)?\\s?%?|-|");

  /** Copies the lists and checks the rows. */
  public Table {
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<String> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(
            "a row of %d cells in a table of %d columns".formatted(row.size(), columns.size()));
      }
    }
  }

  @Override
  public String html() {
    List<String> marks = new ArrayList<>();
    for (int c = 0; c < columns.size(); c++) {
      int column = c;
      boolean isNumbers =
          !rows.isEmpty()
              && rows.stream().allMatch(row -> NUMBER.matcher(row.get(column)).matches());
      marks.add(isNumbers ? " class=\"n\"" : " dir=\"auto\"");
    }
    Html html = new Html().html("<div class=\"scroll\"><table>\n");
    if (!columns.stream().allMatch(String::isEmpty)) {
      html.html("<thead>");
      row(html, "th", columns, marks);
      html.html("</thead>\n");
    }
    html.html("<tbody>\n");
    rows.forEach(row -> row(html, "td", row, marks));
    return html.html("</tbody></table></div>\n").toString();
  }

  private static void row(Html html, String cell, List<String> row, List<String> marks) {
    html.html("<tr>");
    for (int c = 0; c < row.size(); c++) {
      html.html("<" + cell + marks.get(c) + ">").text(row.get(c)).html("</" + cell + ">");
    }
    html.html("</tr>\n");
  }
}
