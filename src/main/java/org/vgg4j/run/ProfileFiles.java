package org.vgg4j.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.profile.Profile;
import org.vgg4j.profile.ProfilePicture;
import org.vgg4j.profile.ProfileTable;

/** Writes a profile into a run's folder: as a table, as JSON and as a picture. */
final class ProfileFiles {
  private static final String NAME = "profile";

  private ProfileFiles() {}

  /** Writes the files, each whole or not at all, in place of earlier ones; returns the table's. */
  static Path write(Profile profile, RunDirectory run) throws IOException {
    Path table = file(run, ".txt");
    text(table, String.join("\n", ProfileTable.lines(profile)) + "\n", run);
    text(file(run, ".json"), RunDirectory.json(profile.toMap()), run);
    text(file(run, ".svg"), ProfilePicture.svg(profile), run);
    return table;
  }

  private static Path file(RunDirectory run, String ending) {
    return run.folder().resolve(NAME + ending);
  }

  private static void text(Path file, String text, RunDirectory run) throws IOException {
    AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8), run.files());
  }
}
