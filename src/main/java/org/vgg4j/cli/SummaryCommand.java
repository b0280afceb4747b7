package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.run.Forecast;
import org.vgg4j.run.ImageTraits;
import org.vgg4j.run.LargestBatch;
import org.vgg4j.run.MemorySettings;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.run.StartingWeights;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DescribedDevice;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./vgg summary}. */
@Command(
    name = "summary",
    description = "Shows a net, a row a layer, and the memory that training it takes.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class SummaryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin final CommandSpec flags = SettingFlags.of(Settings.ofRecipe());
  @Mixin final CommandSpec dataFlags = SettingFlags.of(Settings.of("data"));
  @Mixin private final CommandSpec memoryFlags = SettingFlags.of(Settings.of("memory"));

  @Mixin final CommandSpec startFlags = SettingFlags.of(Settings.of("startFrom", "initFrom"));

  @Mixin private DeviceOptions device;

  @Option(
      names = "--gpu",
      paramLabel = "NAME",
      arity = "0..1",
      fallbackValue = "",
      description =
          "Plan for a GPU that need not be here, and say how fast it can train at most and which"
              + " batch still fits; without a name, lists the GPUs that are known.")
  private String gpu;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Map<String, String> given = SettingFlags.given(spec);
    ImageTraits images = DataOptions.traits(given, spec.commandLine().getErr());
    StartingWeights start = StartingWeights.of(given);
    Recipe recipe = Settings.recipe(Recipe.quick(), given, images, start);
    List<String> lines = start.lines(recipe.net());
    if (gpu != null) {
      forecast(recipe, out);
      TrainingTable.print(recipe, lines, out);
      return ExitCode.DONE;
    }
    try (Backend backend = device.open();
        NetworkPlan planned = recipe.plan(recipe.training().batchSize(), backend)) {
      SummaryTable.print(recipe, planned.memoryPlan(), backend, out);
      ways(recipe, backend, out);
      TrainingTable.print(recipe, lines, out);
    }
    return ExitCode.DONE;
  }

  /** Shows the ways to train in less memory, and says which one a limit takes. */
  private void ways(Recipe recipe, Backend backend, PrintWriter out) {
    String asked = MemorySettings.limit(SettingFlags.given(memoryFlags));
    MemoryTable.print(recipe, backend, asked, out);
    out.flush();
  }

  private void forecast(Recipe recipe, PrintWriter out) {
    if (gpu.isEmpty()) {
      throw InvalidInputException.of(
          "gpu", "needs a name: one of " + String.join(", ", Backends.describedGpus()));
    }
    EngineOptions options = device.options();
    if (!options.device().equals("auto")) {
      throw InvalidInputException.of(
          "gpu", "plans for a GPU that need not be here: leave out --device");
    }
    try (DescribedDevice described = Backends.described(gpu, options)) {
      Backend backend = described.backend();
      Forecast.plan(
          recipe,
          described,
          (plan, forecast) -> {
            SummaryTable.print(recipe, plan, backend, out);
            ForecastTable.paragraph(
                "workspace: " + Failures.withFlags(described.workspaceSource()), out);
            ForecastTable.print(forecast, described, out);
          });
      ForecastTable.print(LargestBatch.of(recipe, described, false), "", backend, out);
      ForecastTable.print(
          LargestBatch.of(recipe, described, true),
          " with norms and stages computed again",
          backend,
          out);
      ways(recipe, backend, out);
      out.flush();
    }
  }
}
