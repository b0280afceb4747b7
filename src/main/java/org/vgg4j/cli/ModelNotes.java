package org.vgg4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.vgg4j.io.Verification;
import org.vgg4j.model.ModelFile;

/** What is to be said of a model file that was read. */
final class ModelNotes {
  private ModelNotes() {}

  static void print(Path file, ModelFile.Loaded loaded, PrintWriter err) {
    if (loaded.verification() == Verification.UNVERIFIED) {
      err.println(
          file
              + " is unverified: it carries no hash"
              + (loaded.inferred() ? " and no configuration, which was inferred" : ""));
    }
    loaded.notes().forEach(err::println);
  }
}
