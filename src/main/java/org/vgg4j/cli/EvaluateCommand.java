package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataSet;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.evaluation.PaperTest;
import org.vgg4j.evaluation.Posteriors;
import org.vgg4j.evaluation.TestOptions;
import org.vgg4j.evaluation.TestProgress;
import org.vgg4j.model.ModelFile;
import org.vgg4j.model.ModelReader;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.run.PreprocessingSettings;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg evaluate MODEL...}. */
@Command(
    name = "evaluate",
    description =
        "Measures a model on the test set, or several together: errors, calibration, each class,"
            + " confusion matrix.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class EvaluateCommand implements Callable<Integer> {
  /** The part of the free memory that a dense test takes at most for a batch. */
  private static final int MEMORY_SHARE = 4;

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private HintOptions hints;
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.ofPreprocessing());
  @Mixin private final CommandSpec seed = SettingFlags.of(Settings.of("seed"));
  @Mixin private TestFlags test;
  @Mixin private DeviceOptions device;

  @Parameters(
      paramLabel = "MODEL",
      arity = "1..*",
      description =
          "A model.safetensors. Of several models, all of the same classes, the probabilities are"
              + " averaged.")
  private List<Path> models;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images per pass (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--posteriors",
      paramLabel = "FILE",
      description =
          "Write the probabilities too, as CSV: image, label, then a column for each class.")
  private Path posteriors;

  @Option(names = "--force", description = "Write over a file that is there.")
  private boolean force;

  @Override
  public Integer call() throws IOException {
    TestOptions options = test.options();
    if (posteriors != null) {
      OutFile.require(posteriors, force);
    }
    PrintWriter err = spec.commandLine().getErr();
    try (Backend backend = device.open()) {
      requireTogether(options);
      List<Posteriors> all = new ArrayList<>();
      Evaluation evaluation = null;
      ImageSource images = null;
      for (Path model : models) {
        try (ModelFile.Loaded loaded =
            ModelFile.load(model, hints.hints(), options(backend), backend)) {
          Preprocessing how =
              PreprocessingSettings.changed(loaded.preprocessing(), SettingFlags.given(flags));
          images = images(loaded, how, Collections.max(options.scalesFor(how)));
          ModelNotes.print(model, loaded, err);
          if (!how.isDefault()) {
            err.println("images: " + how);
          }
          if (!options.isPlain()) {
            err.println("shown: " + options.inWords(how));
          }
          data.warnOfSample(err);
          if (models.size() == 1 && options.isPlain() && posteriors == null) {
            evaluation = Evaluator.evaluate(loaded.vgg(), how, images);
          } else {
            all.add(run(loaded, how, images, options));
          }
        }
      }
      if (evaluation == null) {
        Posteriors mean = Posteriors.mean(all);
        if (posteriors != null) {
          PosteriorsFile.write(posteriors, mean, images);
        }
        evaluation = mean.evaluation(images.classNames());
      }
      EvaluationTable.print(evaluation, spec.commandLine().getOut());
      data.warnOfSample(err);
    }
    return ExitCode.DONE;
  }

  private NetworkOptions options(Backend backend) {
    long share = backend.availableBytes() / MEMORY_SHARE;
    return NetworkOptions.inference(batchSize)
        .withShapeBytes(Math.max(NetworkOptions.DEFAULT_SHAPE_BYTES, share));
  }

  /** Opens the images, pictures as large as the largest scale wants them. */
  private ImageSource images(ModelFile.Loaded loaded, Preprocessing how, int largest) {
    return data.test(
            SettingFlags.given(seed),
            how.withResize(largest),
            set -> requireSame(loaded, set),
            spec.commandLine().getErr())
        .forChannels(how.channels());
  }

  private static Posteriors run(
      ModelFile.Loaded loaded, Preprocessing how, ImageSource images, TestOptions options) {
    long all = (long) images.size() * options.scalesFor(how).size();
    try (Bar bar = Terminal.isInteractive() ? new Bar("evaluate", all, " images", 1) : null) {
      TestProgress progress = bar == null ? TestProgress.NONE : (done, of) -> bar.to(done);
      return PaperTest.run(loaded.vgg(), how, images, options, progress, () -> false);
    }
  }

  /** What the model cannot be measured on is refused before the images are opened. */
  private static void requireSame(ModelFile.Loaded loaded, DataSet set) {
    Evaluator.requireClasses(loaded.vgg().config(), set.name(), set.classNames());
    Evaluator.requireClassNames(loaded.classNames(), set.name(), set.classNames());
  }

  /** Models that cannot be averaged, or not tested so, are refused before the first is run. */
  private void requireTogether(TestOptions options) throws IOException {
    List<String> names = null;
    for (Path model : models.size() == 1 ? List.<Path>of() : models) {
      try (ModelReader reader = ModelReader.open(model, hints.hints())) {
        options.scalesFor(
            PreprocessingSettings.changed(reader.preprocessing(), SettingFlags.given(flags)));
        names = names == null ? reader.classNames() : names;
        if (!names.equals(reader.classNames())) {
          throw new InvalidInputException(
              "%s has other classes than %s (%s); models of the same classes can be averaged"
                  .formatted(model, models.get(0), difference(names, reader.classNames())));
        }
      }
    }
  }

  private static String difference(List<String> names, List<String> others) {
    if (names.size() != others.size()) {
      return "%d, not %d".formatted(others.size(), names.size());
    }
    int first = 0;
    while (names.get(first).equals(others.get(first))) {
      first++;
    }
    return "class %d is %s, not %s".formatted(first, others.get(first), names.get(first));
  }
}
