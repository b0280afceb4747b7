package org.vgg4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.vgg4j.data.ImageSource;
import org.vgg4j.evaluation.Posteriors;

/** Posteriors as CSV: each image's name or number, its label, and the probability of each class. */
final class PosteriorsFile {
  private PosteriorsFile() {}

  static void write(Path file, Posteriors posteriors, ImageSource images) throws IOException {
    CsvFile.write(file, lines -> lines(lines, posteriors, images));
  }

  private static void lines(CsvFile lines, Posteriors posteriors, ImageSource images)
      throws IOException {
    lines.cell("image").cell("label");
    images.classNames().forEach(lines::cell);
    lines.end();
    for (int i = 0; i < posteriors.images(); i++) {
      String name = images.imageName(i);
      lines.cell(name == null ? Integer.toString(i) : name);
      lines.cell(Integer.toString(posteriors.label(i)));
      for (double probability : posteriors.row(i)) {
        lines.cell(Double.toString(probability));
      }
      lines.end();
    }
  }
}
