package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.Map;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.run.RunData;
import org.vgg4j.run.Settings;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/** The flags that say which images. */
final class DataOptions {
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.of("data", "testImages"));

  private FashionMnist set; // once it is loaded

  /** Finds and reads what the flags name, showing a download's progress. */
  RunData load(PrintWriter err) {
    Map<String, String> given = SettingFlags.given(flags);
    return load(RunData.from(given), err).limited(given);
  }

  /** Finds and reads the data of a name or folder, null for a search. */
  RunData load(String from, PrintWriter err) {
    try (DownloadProgress progress = new DownloadProgress(err)) {
      set = FashionMnist.load(from, DataPlaces.ofThisMachine(), progress);
      return RunData.of(set);
    }
  }

  /** Says loudly that figures come from the sample, when they do. */
  void warnOfSample(PrintWriter err) {
    if (set != null && set.isSample()) {
      err.printf(
          "WARNING: these are figures of a SAMPLE of Fashion-MNIST (%d training and %d test"
              + " images), not of the whole set. For the whole set install Debian's package"
              + " dataset-fashion-mnist, or name a folder with its four files: --data DIR.%n",
          set.train().size(), set.test().size());
      err.flush();
    }
  }
}
