package org.vgg4j.paper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.vgg4j.io.AtomicFile;

/** A study's results for a reader: tables and what follows from them. */
public final class StudyReport {
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
    List<String> lines =
        new ArrayList<>(List.of("# The paper's comparison", "", setting(), "", BESIDE));
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

  /**
   * Writes {@code paper.md} into the study's folder.
   *
   * @return the file
   * @throws IOException when it cannot be written; a file that was there is then unchanged
   */
  public Path write() throws IOException {
    Path file = results.options().folder().resolve("paper.md");
    String text = String.join("\n", markdown()) + "\n";
    AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    return file;
  }
}
