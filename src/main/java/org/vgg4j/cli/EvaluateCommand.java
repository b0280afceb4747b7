package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataSet;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.run.PreprocessingSettings;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg evaluate MODEL}. */
@Command(
    name = "evaluate",
    description = "Measures a model on the test set: accuracy, each class, confusion matrix.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private HintOptions hints;
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.ofPreprocessing());
  @Mixin private final CommandSpec seed = SettingFlags.of(Settings.of("seed"));
  @Mixin private DeviceOptions device;

  @Parameters(paramLabel = "MODEL", description = "A model.safetensors.")
  private Path model;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images per pass (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    NetworkOptions options = NetworkOptions.inference(batchSize);
    try (Backend backend = device.open();
        ModelFile.Loaded loaded = ModelFile.load(model, hints.hints(), options, backend)) {
      Preprocessing how =
          PreprocessingSettings.changed(loaded.preprocessing(), SettingFlags.given(flags));
      ImageSource test =
          data.test(SettingFlags.given(seed), how, set -> requireSame(loaded, set), err)
              .forChannels(how.channels());
      ModelNotes.print(model, loaded, err);
      if (!how.isDefault()) {
        err.println("images: " + how);
      }
      data.warnOfSample(err);
      Evaluation evaluation = Evaluator.evaluate(loaded.vgg(), how, test);
      EvaluationTable.print(evaluation, out);
      data.warnOfSample(err);
    }
    return ExitCode.DONE;
  }

  /** What the model cannot be measured on is refused before the images are opened. */
  private static void requireSame(ModelFile.Loaded loaded, DataSet set) {
    Evaluator.requireClasses(loaded.vgg().config(), set.name(), set.classNames());
    Evaluator.requireClassNames(loaded.classNames(), set.name(), set.classNames());
  }
}
