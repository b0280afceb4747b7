package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Each flag changes its own field of a recipe and no other; what is declared is all there is. */
final class SettingsTest {
  private static Recipe recipe(String... arguments) {
    return recipe(Recipe.quick(), arguments);
  }

  private static Recipe recipe(Recipe unnamed, String... arguments) {
    CommandSpec flags = SettingFlags.of(Settings.ofRecipe());
    new CommandLine(flags).parseArgs(arguments);
    return Settings.recipe(unnamed, SettingFlags.given(flags));
  }

  /** Returns all values of a recipe, those of the net among the others. */
  private static Map<String, Object> values(Recipe recipe) {
    Map<String, Object> values = new LinkedHashMap<>(recipe.toMap());
    values.putAll(recipe.net().toMap());
    values.remove("net");
    values.remove("preprocessing"); // follows the net
    return values;
  }

  @Test
  void withoutFlagsTheRecipesAreThemselves() {
    assertEquals(Recipe.quick(), recipe());
    assertEquals(Recipe.quick(), recipe("--recipe", "quick"));
    assertEquals(Recipe.blog(), recipe("--recipe", "blog"));
    assertEquals(Recipe.paper(), recipe("--recipe", "paper"));
  }

  @Test
  void aChosenPreprocessingStaysAndTheDefaultFollowsTheNet() {
    assertEquals(
        Preprocessing.of(3, 64), recipe("--channels=3", "--image-size=64").preprocessing());
    Preprocessing chosen = new Preprocessing(1, 40, 32, List.of(0.5), List.of(1.0));
    Recipe quick = Recipe.quick();
    Recipe base =
        new Recipe(
            "mine",
            quick.net(),
            chosen,
            quick.initialization(),
            quick.optimizer(),
            quick.momentum(),
            quick.weightDecay(),
            quick.training());
    assertEquals(chosen, recipe(base, "--epochs=9").preprocessing());
    assertThrows(InvalidInputException.class, () -> recipe(base, "--image-size=64"));
  }

  @ParameterizedTest
  @CsvSource({
    "--batch-norm=false, batchNorm, false",
    "--no-batch-norm, batchNorm, false",
    "--channels=3, channels, 3",
    "--classes=7, classes, 7",
    "--image-size=64, imageSize, 64",
    "--width=1/8, width, 1/8",
    "--dropout=0.25, dropout, 0.25",
    "--init=glorot, init, glorot",
    "--epochs=9, epochs, 9",
    "--batch-size=17, batchSize, 17",
    "--accumulate=4, accumulate, 4",
    "--lr=0.25, learningRate, 0.25",
    "--lr-schedule=cosine, learningRateSchedule, cosine",
    "--lr-step=7, learningRateStep, 7",
    "--lr-factor=2.5, learningRateFactor, 2.5",
    "--patience=2, patience, 2",
    "--lr-drops=1, learningRateDrops, 1",
    "--warm-up=2epochs, warmUp, 2 epochs",
    "--warm-up=1, warmUp, 1 step",
    "--optimizer=sgd, optimizer, sgd",
    "--momentum=0.5, momentum, 0.5",
    "--weight-decay=0.125, weightDecay, 0.125",
    "--seed=-12345678901, seed, -12345678901"
  })
  void aFlagOverridesItsField(String flag, String key, String value) {
    boolean isOther = false;
    for (String base : Recipe.NAMES) {
      Map<String, Object> expected = values(Recipe.of(base));
      Map<String, Object> actual = values(recipe("--recipe", base, flag));
      assertEquals(value, actual.get(key).toString());
      isOther |= !expected.get(key).equals(actual.get(key));
      expected.put(key, actual.get(key));
      if (key.equals("imageSize") && expected.containsKey("scale")) {
        expected.put("scale", actual.get("scale")); // which follows it
      }
      assertEquals(expected, actual);
    }
    assertTrue(isOther, "every recipe has it already");
  }

  @Test
  void anArchAndLayersChangeBothTheNameAndTheLayers() {
    Map<String, Object> expected = values(Recipe.quick());
    expected.put("arch", "vgg11-lrn");
    expected.put("layers", "64,L,M,128,M,256,256,M,512,512,M,512,512,M");
    assertEquals(expected, values(recipe("--arch", "vgg11-lrn")));
    expected.put("arch", "custom");
    expected.put("layers", "8,M,16c1,M");
    assertEquals(expected, values(recipe("--layers", "8, M, 16c1, M")));
  }

  @Test
  void theOptimizerTakesItsConstants() {
    assertEquals(
        "Sgd[spec=SgdSpec[momentum=0.5, weightDecay=0.125]]",
        recipe("--optimizer=sgd", "--momentum=0.5", "--weight-decay=0.125")
            .newOptimizer()
            .toString());
    assertEquals(
        "Adam[spec=AdamSpec[beta1=0.9, beta2=0.999, epsilon=1.0E-8, weightDecay=0.125]]",
        recipe("--weight-decay=0.125").newOptimizer().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --epochs=1.5             | epochs must be a whole number below 2^31, not 1.5
          --lr=fast                | learningRate must be a number, not fast
          --lr-schedule=stairs     | learningRateSchedule must be one of constant, linear, cosine, step, plateau, not stairs
          --lr-factor=1            | learningRateFactor must be greater than 1 and finite, not 1.0
          --lr-step=0              | learningRateStep must be at least 1, not 0
          --lr-drops=-1            | learningRateDrops must be at least 0, not -1
          --patience=-1            | patience must be at least 1, not -1
          --warm-up=soon           | warmUp must be a length such as 500, 500 steps, 2 epochs or none, not soon
          --optimizer=rmsprop      | optimizer must be adam or sgd, not rmsprop
          --recipe=foo             | recipe must be one of quick, blog, paper, not foo
          """)
  void theApiNamesTheField(String flag, String message) {
    assertEquals(
        message, assertThrows(InvalidInputException.class, () -> recipe(flag)).getMessage());
  }

  /** The help breaks lines within words, too, such as after a dot. */
  private static String unbroken(String text) {
    return text.replaceAll("\\s", "");
  }

  @Test
  void everyFlagHasItsDefaultInTheHelp() {
    String help = Cli.run("train", "--help").out().replaceAll("\\s+", " ");
    assertTrue(
        help.contains("Passes over the training set (default: 3; blog: 5; paper: 74)."), help);
    for (Setting<?, ?> setting : Settings.choices()) {
      if (setting.flag() != null) {
        String text = setting.flag().help() + " (default: " + Settings.defaultOf(setting) + ").";
        assertTrue(unbroken(help).contains(unbroken(text)), setting.key());
      }
    }
  }
}
