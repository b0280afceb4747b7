package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.preprocessing.ImageStatistics;

/** The flags that make a run again, found from its configuration alone. */
final class RunCommandTest {
  private static Map<String, String> settings(String text) {
    Map<String, String> settings = new HashMap<>();
    for (String pair : text.isBlank() ? new String[0] : text.strip().split(" +")) {
      settings.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
    }
    return settings;
  }

  /** Returns a recipe as a run has it, which knows its images. */
  private static Recipe recipe(Map<String, String> given, ImageTraits images) {
    Recipe recipe = Settings.recipe(Recipe.quick(), given, images, StartingWeights.NONE);
    int channels = recipe.net().channels();
    List<Double> mean = List.of(0.25, 0.5, 0.125).subList(0, channels);
    List<List<Double>> axes =
        List.of(List.of(1.0, 0.0, 0.0), List.of(0.0, 1.0, 0.0), List.of(0.0, 0.0, 1.0));
    return recipe.withStatistics(
        channels == 1
            ? new ImageStatistics(9, mean, mean, List.of(0.5), List.of(List.of(1.0)))
            : new ImageStatistics(9, mean, mean, List.of(0.5, 0.25, 0.125), axes));
  }

  /** Reads flags as the command line does. */
  private static Map<String, String> parsed(List<String> arguments) {
    Map<String, String> given = new HashMap<>();
    Iterator<String> left = arguments.iterator();
    assertEquals("train", left.next());
    while (left.hasNext()) {
      String flag = left.next();
      boolean isNo = flag.startsWith("--no-");
      String name = isNo ? "--" + flag.substring(5) : flag;
      Setting<?, ?> setting =
          Settings.choices().stream()
              .filter(each -> each.flag() != null && each.flag().name().equals(name))
              .findFirst()
              .orElseThrow();
      boolean isTruth = setting.flag().label() == null;
      given.put(setting.key(), isTruth ? String.valueOf(!isNo) : left.next());
    }
    return given;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10 | 1 | false | ''",
        "10 | 1 | false | recipe=blog epochs=7 seed=9",
        "10 | 1 | false | layers=64,M,128,M width=1/8 imageSize=16 flip=true scale=18",
        "7 | 3 | true  | recipe=paper arch=vgg11 imageSize=64 flip=false colorShift=0",
        "7 | 3 | true  | recipe=paper imageSize=64 normalize=none freeze=features",
        "7 | 3 | true  | fit=square resize=40 mean=0.5,0.4,0.3 deviation=0.2,0.2,0.25",
        "10 | 3 | false | channels=1 optimizer=sgd momentum=0.8 ema=0.99 clipNorm=1.5"
            + " labelSmoothing=0.1",
        "3 | 3 | true | normalize=imagenet headLearningRate=0.1 warmUp=2epochs"
            + " learningRateSchedule=plateau",
        "4 | 1 | false | dropout=0.25 batchNorm=false averagePool=2 init=paper accumulate=3",
      })
  void itsRecipeIsThatOfTheRun(int classes, int channels, boolean pictures, String said) {
    ImageTraits images = new ImageTraits(classes, channels, pictures);
    Recipe recipe = recipe(settings(said), images);
    Map<String, Object> config = Settings.flat(recipe.toMap());
    if (pictures) {
      config.put("cacheSize", 64);
    }
    config.put("dataFrom", "/some/where");
    config.put("trainImages", 100);
    List<String> command = new RunRecord(Path.of("run"), config, List.of()).command();
    Map<String, String> given = parsed(command);
    assertEquals(recipe, recipe(given, images), command::toString);
    assertEquals("/some/where", given.get("data"));
    assertEquals("100", given.get("trainImages"));
    // Short enough to be read.
    assertTrue(command.size() <= 2 * (settings(said).size() + 6), command::toString);
  }

  @Test
  void aProgramsRecipeOrImagesHaveNone() {
    Map<String, Object> config = Settings.flat(Recipe.quick().toMap());
    config.put("recipe", "my own");
    assertEquals(List.of(), new RunRecord(Path.of("run"), config, List.of()).command());
    config.put("recipe", "quick");
    config.put("dataFrom", "my own");
    assertEquals(List.of(), new RunRecord(Path.of("run"), config, List.of()).command());
  }
}
