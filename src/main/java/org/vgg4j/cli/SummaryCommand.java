package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ./vgg summary}. */
@Command(
    name = "summary",
    description = "Shows a net, a row a layer, and the memory that training it takes.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class SummaryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.ofRecipe());
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Recipe recipe = Settings.recipe(Recipe.quick(), SettingFlags.given(flags));
    try (Backend backend = device.open();
        NetworkPlan planned = recipe.plan(recipe.training().batchSize(), backend)) {
      SummaryTable.print(recipe, planned.memoryPlan(), backend, out);
    }
    return ExitCode.DONE;
  }
}
