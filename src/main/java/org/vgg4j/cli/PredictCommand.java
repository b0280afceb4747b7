package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.vgg4j.data.decoding.PictureFiles;
import org.vgg4j.data.preprocessing.Inversion;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.Classifier;
import org.vgg4j.model.ModelFile;
import org.vgg4j.run.PreprocessingSettings;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Choice;
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
  @Mixin private HintOptions hints;
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.ofPreprocessing());
  @Mixin private DeviceOptions device;

  @Parameters(index = "0", paramLabel = "MODEL", description = "A model.safetensors.")
  private Path model;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "PNG, JPEG, GIF, BMP or TIFF files of any size and colour.")
  private List<Path> images;

  @Option(
      names = "--invert",
      paramLabel = "WHEN",
      description =
          "Exchange light and dark, as Fashion-MNIST's makers did with photos on white: auto"
              + " (when the border is light), always or never (default: the model's, which is auto"
              + " for --fit fashion, else never).")
  private String invert;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    int batch = Math.min(BATCH, images.size());
    PictureFiles.require(images);
    try (Backend backend = device.open();
        ModelFile.Loaded loaded =
            ModelFile.loadForInference(model, hints.hints(), backend, batch)) {
      Preprocessing how =
          PreprocessingSettings.changed(loaded.preprocessing(), SettingFlags.given(flags));
      if (invert != null) {
        how = how.withInversion(Choice.of("invert", Inversion.class, invert));
      }
      PictureFiles pictures = new PictureFiles(images, how);
      List<List<Classifier.Answer>> answers =
          Classifier.top(loaded.vgg(), how, loaded.classNames(), pictures, TOP);
      ModelNotes.print(model, loaded, err);
      err.println("pictures: " + how);
      for (int i = 0; i < images.size(); i++) {
        if (pictures.isInverted(i)) {
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
