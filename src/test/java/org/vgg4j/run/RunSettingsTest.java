package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.train.TrainingState;

/** What settings are declared, how their values are read, and how two runs' are compared. */
final class RunSettingsTest {
  /** The map of any recipe is one of the settings declared, and says the recipe again. */
  @Test
  void everyKeyIsDeclared() {
    for (String name : Recipe.NAMES) {
      Recipe recipe = Recipe.of(name);
      KnownSettings.requireKnown(name, recipe.toMap());
      assertEquals(recipe, Recipe.fromMap(recipe.toMap()));
    }
  }

  @Test
  void sizesAreReadInBinaryUnits() {
    assertEquals(512L << 20, DeviceSettings.WORKSPACE_LIMIT.parse("512M"));
    assertEquals(3L << 30, DeviceSettings.WORKSPACE_LIMIT.parse("3g"));
    assertEquals(1L << 30, DeviceSettings.WORKSPACE_LIMIT.parse("1GB"));
    assertEquals(4096, DeviceSettings.WORKSPACE_LIMIT.parse("4096"));
    assertEquals(1L << 40, DeviceSettings.WORKSPACE_LIMIT.parse(Long.toString(1L << 40)));
    assertEquals(7L << 10, DeviceSettings.WORKSPACE_LIMIT.parse(" 7K "));
    for (String text : new String[] {"", "M", "1T", "-1", "1234567890G"}) {
      assertThrows(
          InvalidInputException.class, () -> DeviceSettings.WORKSPACE_LIMIT.parse(text), text);
    }
  }

  @Test
  void whatAPlaceWithinAnEpochDependsOnCanChangeAtItsEndOnly() {
    Map<String, Integer> before = Map.of("batchSize", 16);
    Map<String, Integer> now = Map.of("batchSize", 8);
    String message =
        assertThrows(InvalidInputException.class, () -> differences(before, now, true))
            .getMessage();
    assertTrue(
        message.contains("--batch-size 8 (the run: 16), which cannot change within an epoch"),
        message);
    assertEquals(List.of("--batch-size 8 (the run: 16)"), differences(before, now, false));
  }

  private static List<String> differences(
      Map<String, ?> before, Map<String, ?> now, boolean within) {
    return SettingsDifference.require(
        before, now, now.keySet(), at(within ? 1 : 0), Setting::flagName);
  }

  private static TrainingState at(int batch) {
    return new TrainingState(1, 1, 1, batch, 0, 0, 0, LossTotals.NONE, List.of());
  }

  /** A run of a version without a setting had its default. */
  @Test
  void anAbsentKeyMayMeanItsDefault() {
    assertEquals(List.of(), differences(Map.of(), Map.of("patience", 5, "warmUp", "none"), true));
    Map<String, Object> four = Map.of("patience", 4);
    assertEquals(List.of("--patience 4 (the run: 5)"), differences(Map.of(), four, true));
    String message =
        assertThrows(
                InvalidInputException.class,
                () ->
                    SettingsDifference.require(Map.of(), four, Set.of(), at(0), Setting::flagName))
            .getMessage();
    assertTrue(message.contains("the run's: --patience 4 (the run: 5); leave"), message);
  }

  @Test
  void whatAnOlderVersionDidNotSayHasItsOldMeaning() {
    assertEquals(List.of(), differences(Map.of(), Map.of("labelSmoothing", 0.0), true));
    assertEquals(List.of(), differences(Map.of(), Map.of("graph", true, "dataOn", "auto"), true));
    Map<String, Object> recipe = Recipe.quick().toMap();
    recipe.remove("labelSmoothing");
    assertEquals(Recipe.quick(), Recipe.fromMap(recipe));
    assertEquals(
        List.of("--label-smoothing 0.1 (the run: 0.0)"),
        differences(Map.of(), Map.of("labelSmoothing", 0.1), true));
  }

  @Test
  void aKeyThatTheRunHasNotOrNothingKnowsIsNoneToGoOnFrom() {
    Map<String, Object> seed = Map.of("seed", 1);
    String message =
        assertThrows(
                InvalidInputException.class,
                () -> SettingsDifference.require(Map.of(), seed, Set.of(), at(0), Setting::key))
            .getMessage();
    assertTrue(message.contains("the run's: seed 1 (the run: none); leave"), message);
    Map<String, Object> strange = Map.of("seed", 1, "mixUp", 0.1);
    message =
        assertThrows(InvalidInputException.class, () -> differences(strange, seed, false))
            .getMessage();
    assertTrue(message.contains("has the key 'mixUp', which"), message);
  }
}
