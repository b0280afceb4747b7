package org.vgg4j.paper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.report.Bars;
import org.vgg4j.report.Page;
import org.vgg4j.report.Table;

/** A study's results for a reader: tables and what follows from them. */
public final class StudyReport {
  private static final String TITLE = "The paper's comparison";

  private static final String BESIDE =
      "The paper's errors are those of its own nets on ImageNet's 1,000 classes; they stand here to"
          + " compare directions, not values.";

  private static final String HOW =
      "Errors are means over the seeds with the standard deviation of one. A difference counts"
          + " where its interval of 95 % over the seeds (Student's t) leaves 0 out. All seeds are"
          + " tested on the same pictures, so nothing is said of others.";

  private final StudyResults results;

  /** Takes the results. */
  public StudyReport(StudyResults results) {
    this.results = results;
  }

  /** Returns the tables. */
  public List<StudyTable> tables() {
    return new StudyTables(results).all();
  }

  /** Returns a sentence for each of the paper's findings that the study has the nets for. */
  public List<String> conclusions() {
    return Conclusions.of(results);
  }

  /** Returns all of it in Markdown, line by line. */
  public List<String> markdown() {
    List<String> lines = new ArrayList<>(List.of("# " + TITLE, "", setting(), "", BESIDE));
    for (StudyTable table : tables()) {
      lines.add("");
      lines.addAll(table.markdown());
    }
    lines.addAll(List.of("", "## What the seeds allow to conclude", "", HOW, ""));
    conclusions().forEach(line -> lines.add("- " + line));
    return lines;
  }

  /** Returns what was compared, in a sentence. */
  public String setting() {
    StudyOptions options = results.options();
    String flags =
        options.settings().entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    return "Nets %s; training sizes S = %s; seeds 1 to %d; recipe paper with %s."
        .formatted(
            options.nets().stream().map(PaperNet::text).collect(Collectors.joining(", ")),
            options.scales(),
            options.seeds(),
            flags.isEmpty() ? "nothing changed" : flags);
  }

  /** Returns all of it as a page, with the errors at one scale as bars. */
  public Page page() {
    Page page = new Page(TITLE).paragraph(setting()).paragraph(BESIDE);
    for (StudyTable table : tables()) {
      page.section(table.title()).add(new Table(table.header(), table.rows()));
    }
    page.section("Top-1 errors at one test scale");
    page.add(new Bars(tables().get(0).rows().stream().map(StudyReport::bar).toList()));
    page.section("What the seeds allow to conclude").paragraph(HOW);
    conclusions().forEach(page::paragraph);
    return page;
  }

  private static Bars.Bar bar(List<String> row) {
    String error = row.get(3);
    double percent = Double.parseDouble(error.split(" ")[0]);
    return new Bars.Bar(row.get(0) + ", S = " + row.get(1), percent / 100, error + " %");
  }

  /**
   * Writes {@code paper.md} and {@code report.html} into the study's folder.
   *
   * @return both files
   * @throws IOException when one cannot be written; a file that was there is then unchanged
   */
  public List<Path> write() throws IOException {
    Path folder = results.options().folder();
    List<Path> files = List.of(folder.resolve("paper.md"), folder.resolve("report.html"));
    String text = String.join("\n", markdown()) + "\n";
    AtomicFile.write(files.get(0), text.getBytes(StandardCharsets.UTF_8));
    page().write(files.get(1));
    return files;
  }
}
