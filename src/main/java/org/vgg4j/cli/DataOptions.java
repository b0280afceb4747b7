package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.decoding.PictureCache;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DataSet;
import org.vgg4j.data.sets.DataSets;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.ImageTraits;
import org.vgg4j.run.RunData;
import org.vgg4j.run.Settings;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;

/** The flags that say which images. */
final class DataOptions {
  @Mixin
  private final CommandSpec flags =
      SettingFlags.of(Settings.of("data", "heldOut", "cacheSize", "onBadImage", "testImages"));

  private String sample; // how large it is, once it is opened

  /**
   * Opens the images to test on that the flags name, showing a download's progress.
   *
   * @param others settings that are given by other flags
   * @param how what they are for
   * @param check looks at what was found before it is opened
   */
  ImageSource test(
      Map<String, String> others, Preprocessing how, Consumer<DataSet> check, PrintWriter err) {
    Map<String, String> given = SettingFlags.given(flags);
    given.putAll(others);
    DataRequest request = DataRequest.of(given, how, check);
    return with(
        request,
        err,
        set -> {
          check.accept(set);
          if (set.isSample()) {
            note(RunData.of(set, request));
          }
          return RunData.limitedTest(set.test(), given);
        });
  }

  /** Opens the images of a training. */
  RunData load(DataRequest request, PrintWriter err) {
    return with(
        request,
        err,
        set -> {
          RunData data = RunData.of(set, request);
          if (set.isSample()) {
            note(data);
          }
          return data;
        });
  }

  /** Opens the images of a run that has been. */
  static RunData open(DataRequest request, PrintWriter err) {
    return with(request, err, set -> RunData.of(set, request));
  }

  /** Returns what a net for the images that flags name depends on, null where they name none. */
  static ImageTraits traits(Map<String, String> given, PrintWriter err) {
    DataRequest request = DataRequest.of(given, Preprocessing.of(1, 1), set -> {}); // opens nothing
    return request.from() == null ? null : with(request, err, ImageTraits::of);
  }

  private static <T> T with(DataRequest request, PrintWriter err, Function<DataSet, T> use) {
    try (DownloadProgress progress = new DownloadProgress(err);
        DecodingProgress decoding = new DecodingProgress(err)) {
      DataSets sets =
          new DataSets(
              DataPlaces.ofThisMachine(),
              progress,
              list -> PictureCache.open(list, request.pictures(), decoding));
      return use.apply(sets.find(request.from(), request.split()));
    }
  }

  private void note(RunData data) {
    sample = "%d training and %d test images".formatted(data.train().size(), data.test().size());
  }

  /** Says loudly that figures come from the sample, when they do. */
  void warnOfSample(PrintWriter err) {
    if (sample != null) {
      err.printf(
          "WARNING: these are figures of a SAMPLE of Fashion-MNIST (%s), not of the whole set. For"
              + " the whole set install Debian's package dataset-fashion-mnist, or name a folder"
              + " with its four files: --data DIR.%n",
          sample);
      err.flush();
    }
  }
}
