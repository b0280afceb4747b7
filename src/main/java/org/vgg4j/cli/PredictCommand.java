package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.vgg4j.data.ImageFile;
import org.vgg4j.evaluation.Classifier;
import org.vgg4j.io.Verification;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.tensor.Backend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg predict MODEL IMAGE...}. */
@Command(
    name = "predict",
    description = "Says what images show: the five most probable classes of each.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class PredictCommand implements Callable<Integer> {
  private static final int TOP = 5;

  /** Images are run in batches of at most this many. */
  private static final int BATCH = 64;

  @Spec private CommandSpec spec;
  @Mixin private DeviceOptions device;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A model.safetensors.")
  private Path model;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "PNG or JPEG files of any size and colour.")
  private List<Path> images;

  @Option(
      names = "--invert",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "Exchange light and dark, as Fashion-MNIST's makers did with photos on white: auto"
              + " (when the border is light), always or never (default: ${DEFAULT-VALUE}).")
  private String invert;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    ImageFile.Inversion inversion = ImageFile.Inversion.of(invert);
    List<ImageFile> read = new ArrayList<>();
    for (Path image : images) {
      read.add(ImageFile.read(image, inversion));
    }
    NetworkOptions options = NetworkOptions.inference(Math.min(BATCH, read.size()));
    try (Backend backend = device.open();
        ModelFile.Loaded loaded = ModelFile.load(model, options, backend)) {
      if (loaded.verification() == Verification.UNVERIFIED) {
        err.println(model + " is unverified: it carries no hash");
      }
      List<List<Classifier.Answer>> answers =
          Classifier.top(
              loaded.vgg(),
              loaded.preprocessing(),
              loaded.classNames(),
              ImageFile.source(read),
              TOP);
      for (int i = 0; i < read.size(); i++) {
        if (read.get(i).inverted()) {
          err.println(images.get(i) + ": light and dark exchanged");
        }
        print(images.get(i), answers.get(i), out);
      }
    }
    out.flush();
    return ExitCode.DONE;
  }

  private static void print(Path image, List<Classifier.Answer> answers, PrintWriter out) {
    out.println(image);
    for (Classifier.Answer answer : answers) {
      out.println(
          String.format(
              Locale.ROOT, "  %6.2f %%  %s", 100 * answer.probability(), answer.className()));
    }
  }
}
