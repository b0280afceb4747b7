package org.vgg4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.vgg4j.data.DataPlaces;
import org.vgg4j.data.FashionMnist;
import org.vgg4j.data.ImageSource;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/** The flags that say which images. */
final class DataOptions {
  @Mixin
  private final CommandSpec flags = SettingFlags.of(List.of(Settings.DATA, Settings.TEST_IMAGES));

  /** Finds and reads the data, showing a download's progress. */
  FashionMnist load(PrintWriter err) {
    return load(null, err);
  }

  /** Finds and reads the data, those of {@code otherwise} when no flag says which. */
  FashionMnist load(String otherwise, PrintWriter err) {
    try (DownloadProgress progress = new DownloadProgress(err)) {
      return FashionMnist.load(source(otherwise), DataPlaces.ofThisMachine(), progress);
    }
  }

  /** Returns what a run must be told to find the data again; a folder as an absolute path. */
  String source(String otherwise) {
    String data = SettingFlags.value(flags, Settings.DATA);
    if (data == null) {
      return otherwise;
    }
    boolean known = data.equals(FashionMnist.SAMPLE) || data.equals(FashionMnist.WHOLE);
    return known ? data : Path.of(data).toAbsolutePath().toString();
  }

  ImageSource test(FashionMnist set) {
    return test(set, null);
  }

  /** Returns the test images, as many as {@code otherwise} when no flag says how many. */
  ImageSource test(FashionMnist set, Integer otherwise) {
    return limited(set.test(), flags, Settings.TEST_IMAGES, otherwise);
  }

  /** Returns as many of the images as a flag says, or {@code otherwise}, or all. */
  static ImageSource limited(
      ImageSource set, CommandSpec flags, Setting<?, Integer> setting, Integer otherwise) {
    Integer given = SettingFlags.value(flags, setting);
    Integer limit = given == null ? otherwise : given;
    if (limit == null) {
      return set;
    }
    InvalidInputException.requireAtLeast(1, setting.key(), limit);
    return set.limit(limit);
  }

  /** Says loudly that figures come from the sample, when they do. */
  static void warnOfSample(FashionMnist set, PrintWriter err) {
    if (set.isSample()) {
      err.printf(
          "WARNING: these are figures of a SAMPLE of Fashion-MNIST (%d training and %d test"
              + " images), not of the whole set. For the whole set install Debian's package"
              + " dataset-fashion-mnist, or name a folder with its four files: --data DIR.%n",
          set.train().size(), set.test().size());
      err.flush();
    }
  }
}
