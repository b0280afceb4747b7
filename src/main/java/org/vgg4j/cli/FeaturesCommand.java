package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.PreprocessingSettings;
import org.vgg4j.run.RunData;
import org.vgg4j.run.Settings;
import org.vgg4j.run.StartingWeights;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg features}. */
@Command(
    name = "features",
    description =
        "Writes the features of images: what a model computes of each before its last layer, 4096"
            + " values at full width.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class FeaturesCommand implements Callable<Integer> {
  private static final List<String> PARTS = List.of("all", "train", "test");
  private static final String CSV = ".csv";
  private static final String SAFETENSORS = ".safetensors";

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin final CommandSpec limit = SettingFlags.of(Settings.of("trainImages")); // read by spec
  @Mixin private HintOptions hints;
  @Mixin final CommandSpec flags = SettingFlags.of(Settings.ofPreprocessing());
  @Mixin final CommandSpec seed = SettingFlags.of(Settings.of("seed"));
  @Mixin private DeviceOptions device;

  @Parameters(
      paramLabel = "OUT",
      description =
          "The file to write: .safetensors (features N x D, labels, and the classes in its"
              + " metadata) or .csv (image, label, class, f0, f1, ...).")
  private Path out;

  @Option(
      names = "--model",
      paramLabel = "FILE",
      required = true,
      description = "A run's folder or a model file, torchvision's and timm's too.")
  private Path model;

  @Option(
      names = "--part",
      paramLabel = "NAME",
      defaultValue = "all",
      description =
          "Which images: train, test, or all, those to train on first (default:"
              + " ${DEFAULT-VALUE}).")
  private String part;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images per pass (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(names = "--force", description = "Write over a file that is there.")
  private boolean force;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Choice.require("part", PARTS, part);
    requireOut();
    Path file = StartingWeights.file("model", model);
    NetworkOptions options = NetworkOptions.inference(batchSize);
    try (Backend backend = device.open();
        ModelFile.Loaded loaded = ModelFile.loadFeatures(file, hints.hints(), options, backend)) {
      Map<String, String> given = SettingFlags.given(spec);
      Preprocessing how = PreprocessingSettings.changed(loaded.preprocessing(), given);
      DataRequest request = DataRequest.of(given, how, set -> {});
      Map<String, ImageSource> parts = parts(data.load(request, err).limited(given));
      ModelNotes.print(file, loaded, err);
      err.println("images: " + how);
      data.warnOfSample(err);
      long images = parts.values().stream().mapToLong(ImageSource::size).sum();
      try (Bar bar = Terminal.isInteractive() ? new Bar("features", images, " images", 1) : null) {
        LongConsumer done = bar == null ? count -> {} : bar::to;
        write(new FeatureFile(loaded.vgg(), how, parts, done));
      }
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %d images, %d features each%n",
              out,
              images,
              loaded.vgg().config().hiddenFeatures());
      spec.commandLine().getOut().flush();
    }
    return ExitCode.DONE;
  }

  private void write(FeatureFile file) throws IOException {
    if (isCsv()) {
      file.writeCsv(out);
    } else {
      file.writeSafeTensors(out);
    }
  }

  private boolean isCsv() {
    return out.toString().toLowerCase(Locale.ROOT).endsWith(CSV);
  }

  private void requireOut() {
    if (!isCsv() && !out.toString().toLowerCase(Locale.ROOT).endsWith(SAFETENSORS)) {
      throw new InvalidInputException(
          out + " must end with .safetensors or .csv, which says how it is written");
    }
    OutFile.require(out, force);
  }

  private Map<String, ImageSource> parts(RunData images) {
    Map<String, ImageSource> parts = new LinkedHashMap<>();
    if (!part.equals("test")) {
      parts.put("train", images.train());
    }
    if (!part.equals("train")) {
      parts.put("test", images.test());
    }
    return parts;
  }
}
