package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.data.ImageSource;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.report.Pictures;
import org.vgg4j.report.SampleViews;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.ImageTraits;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunData;
import org.vgg4j.run.Settings;
import org.vgg4j.run.StartingWeights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg preview OUT.png}. */
@Command(
    name = "preview",
    description =
        "Draws what a net will see of some training images: each as it is, as an evaluation takes"
            + " it, and as the first epochs of a training with these flags do.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class PreviewCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin final CommandSpec recipeFlags = SettingFlags.of(Settings.ofRecipe()); // read by spec
  @Mixin final CommandSpec preprocessing = SettingFlags.of(Settings.ofPreprocessing());
  @Mixin final CommandSpec dataFlags = SettingFlags.of(Settings.of("trainImages"));
  @Mixin private DataOptions data;

  @Parameters(paramLabel = "OUT.png", description = "The picture to write.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Map<String, String> given = SettingFlags.given(spec);
    Recipe early = Settings.recipe(Recipe.quick(), given);
    RunData found = data.load(DataRequest.of(given, early.largest(), set -> {}), err);
    Recipe recipe =
        Settings.recipe(Recipe.quick(), given, ImageTraits.of(found), StartingWeights.NONE);
    ImageSource train = found.limited(given).forChannels(recipe.net().channels()).train();
    ContactSheet sheet = new ContactSheet(recipe.measured(train), train);
    AtomicFile.write(out, Pictures.png(sheet.draw()));
    spec.commandLine()
        .getOut()
        .printf(
            "%s: %d images of %d of %d classes; beside each what an evaluation and the first %d"
                + " epochs see%n",
            out, sheet.images(), sheet.classes(), train.classNames().size(), SampleViews.EPOCHS);
    spec.commandLine().getOut().flush();
    return ExitCode.DONE;
  }
}
