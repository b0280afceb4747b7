package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.train.TrainingOptions;

/** The recipes are what the README says. */
final class RecipeTest {
  @Test
  void quick() {
    Recipe quick = Recipe.of("quick");
    VggConfig net = quick.net();
    assertEquals("vgg16", net.arch());
    assertEquals(true, net.batchNorm());
    assertEquals(new Width(1, 4), net.width());
    assertEquals(List.of(1, 10, 32), List.of(net.channels(), net.classes(), net.imageSize()));
    assertEquals(0.5, net.dropout());
    assertEquals(
        new TrainingOptions(3, 64, 1, 1e-3, LearningRateSchedule.LINEAR, 1), quick.training());
    assertEquals(new Adam(), quick.newOptimizer());
    assertEquals("quick", quick.name());
  }

  @Test
  void blog() {
    Recipe blog = Recipe.of("blog");
    VggConfig net = blog.net();
    assertEquals("vgg16", net.arch());
    assertEquals(true, net.batchNorm());
    assertEquals(Width.FULL, net.width());
    assertEquals(List.of(1, 10, 224), List.of(net.channels(), net.classes(), net.imageSize()));
    assertEquals(0.5, net.dropout());
    assertEquals(
        new TrainingOptions(5, 64, 1, 1e-3, LearningRateSchedule.CONSTANT, 1), blog.training());
    assertEquals(new Adam(), blog.newOptimizer());
    assertEquals(Initialization.PYTORCH, blog.initialization());
    assertEquals("blog", blog.name());
  }

  @Test
  void paper() {
    Recipe paper = Recipe.of("paper");
    VggConfig net = paper.net();
    assertEquals("vgg16", net.arch());
    assertEquals(false, net.batchNorm());
    assertEquals(Width.FULL, net.width());
    assertEquals(224, net.imageSize());
    assertEquals(0.5, net.dropout());
    Augmentation varied = Augmentation.NONE.withScale("256").withFlip(true).withColorShift(0.1);
    assertEquals(
        new TrainingOptions(74, 256, 1, 1e-2, LearningRateSchedule.PLATEAU, 1)
            .withAugmentation(varied),
        paper.training());
    assertEquals(Normalization.MEAN, paper.normalization());
    assertEquals(256, paper.preprocessing().resize());
    assertEquals(3, paper.training().scheduleOptions().drops());
    assertEquals(10, paper.training().scheduleOptions().factor());
    assertEquals(new Sgd(new SgdSpec(0.9, 5e-4)), paper.newOptimizer());
    assertEquals(Initialization.GLOROT, paper.initialization());
    assertEquals("paper", paper.name());
  }

  /** The scale is to a smaller image size what 256 is to 224. */
  @Test
  void theScaleOfThePaperFollowsTheImageSize() {
    Recipe small = Settings.recipe(Recipe.quick(), Map.of("recipe", "paper", "imageSize", "32"));
    assertEquals("37", small.augmentation().scale());
    assertEquals(37, small.preprocessing().resize());
    Map<String, String> said = Map.of("recipe", "paper", "imageSize", "32", "scale", "32..40");
    assertEquals("32..40", Settings.recipe(Recipe.quick(), said).augmentation().scale());
    Map<String, String> twice = Map.of("recipe", "paper", "mean", "0.5", "normalize", "mean");
    assertThrows(InvalidInputException.class, () -> Settings.recipe(Recipe.quick(), twice));
    Recipe own = Settings.recipe(Recipe.quick(), Map.of("recipe", "paper", "mean", "0.5"));
    assertEquals(Normalization.NONE, own.normalization());
    assertEquals(List.of(0.5), own.preprocessing().mean());
  }

  /** Runs of versions without them had what is now the default. */
  @Test
  void aConfigurationMayLackTheNumbersOfTheSchedule() {
    Map<String, Object> map = Recipe.quick().toMap();
    for (String key :
        List.of(
            "learningRateStep", "learningRateFactor", "patience", "learningRateDrops", "warmUp")) {
      assertNotNull(map.remove(key), key);
    }
    assertEquals(Recipe.quick(), Recipe.fromMap(map));
  }

  @Test
  void aPreprocessingComesBackAndWithoutOneItIsTheDefault() {
    Map<String, Object> map = Recipe.quick().toMap();
    map.put("preprocessing", new Preprocessing(1, 40, 32, List.of(0.5), List.of(0.25)).toMap());
    Recipe other = Recipe.fromMap(map);
    assertEquals(map, other.toMap());
    assertEquals(40, other.preprocessing().resize());
    map.remove("preprocessing");
    assertEquals(Recipe.quick(), Recipe.fromMap(map));
    for (Object unusable : new Object[] {Preprocessing.of(1, 64).toMap(), Map.of(), "none"}) {
      map.put("preprocessing", unusable);
      assertThrows(InvalidInputException.class, () -> Recipe.fromMap(map));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "rmsprop, 0.9, 0",
    "sgd, 1, 0",
    "sgd, -0.1, 0",
    "adam, NaN, 0",
    "adam, 0.9, -1",
    "sgd, 0.9, NaN",
    "sgd, 0.9, Infinity"
  })
  void unusableOptimizersAreRefused(String optimizer, double momentum, double weightDecay) {
    Recipe quick = Recipe.quick();
    assertThrows(
        InvalidInputException.class,
        () ->
            new Recipe(
                "mine",
                quick.net(),
                quick.initialization(),
                optimizer,
                momentum,
                weightDecay,
                quick.training()));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 64, 1, 0.1",
    "1, 0, 1, 0.1",
    "1, 64, 0, 0.1",
    "1, 64, 1, 0",
    "1, 64, 1, NaN",
    "1, 64, 1, Infinity"
  })
  void unusableOptionsAreRefused(int epochs, int batchSize, int accumulate, double rate) {
    assertThrows(
        InvalidInputException.class,
        () ->
            new TrainingOptions(
                epochs, batchSize, accumulate, rate, LearningRateSchedule.CONSTANT, 1));
  }
}
