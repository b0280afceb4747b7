package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

final class UpdateSettingsTest {
  private static final Map<String, String> ALL =
      Map.of(
          "clipNorm",
          "2.5",
          "ema",
          "0.999",
          "headLearningRate",
          "0.01",
          "freeze",
          "features.0, features.3");

  @Test
  void whatIsOffIsLeftOutAndMayBeMissing() {
    Map<String, Object> plain = Recipe.quick().toMap();
    for (String key : ALL.keySet()) {
      assertFalse(plain.containsKey(key), key);
    }
    assertEquals(UpdateOptions.NONE, Recipe.fromMap(plain).training().updates());
    assertEquals(UpdateOptions.NONE.texts(), List.of());
  }

  @Test
  void whatIsGivenComesBack() {
    Recipe given = Settings.recipe(Recipe.quick(), ALL);
    assertEquals(
        new UpdateOptions(2.5, 0.999, 0.01, List.of("features.0", "features.3")),
        given.training().updates());
    Map<String, Object> map = given.toMap();
    assertEquals("features.0,features.3", map.get("freeze"));
    assertEquals(given, Recipe.fromMap(map));
    assertEquals(4, given.training().updates().texts().size());
    assertEquals(10, given.training().headFactor(), 1e-12);
    assertEquals(
        UpdateOptions.NONE.withFrozen("features"),
        Settings.recipe(
                given,
                Map.of("clipNorm", "0", "ema", "0", "headLearningRate", "0", "freeze", "features"))
            .training()
            .updates());
  }

  @ParameterizedTest
  @CsvSource({
    "clipNorm, -1, --clip-norm",
    "ema, 1, --ema",
    "headLearningRate, NaN, --head-lr",
    "freeze, 'features,nothing', --freeze",
    "freeze, '', --freeze",
    "freeze, 'features,classifier,classifier.6', --freeze"
  })
  void whatCannotBeIsRefusedByItsFlag(String key, String value, String flag) {
    InvalidInputException refused =
        assertThrows(
            InvalidInputException.class, () -> Settings.recipe(Recipe.quick(), Map.of(key, value)));
    assertEquals(key, refused.field());
    assertTrue(
        Settings.ofRecipe().stream()
            .anyMatch(s -> s.key().equals(key) && s.flagName().equals(flag)));
  }

  @Test
  void aFrozenLastLayerHasNoLearningRate() {
    Map<String, String> both = Map.of("freeze", "classifier.6", "headLearningRate", "0.1");
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> Settings.recipe(Recipe.quick(), both));
    assertEquals("headLearningRate", refused.field());
  }

  @Test
  void theAverageIsCounted() {
    Recipe plain = Recipe.quick();
    Recipe averaged = Settings.recipe(plain, Map.of("ema", "0.9", "freeze", "features"));
    try (Backend backend = Backends.open("cpu").backend();
        NetworkPlan net = averaged.plan(64, backend)) {
      MemoryPlan plan = net.memoryPlan();
      assertTrue(plan.trained() < plan.parameters());
      assertEquals(plan.totalBytes(3) + plan.buffers(), averaged.trainingBytes(plan));
      assertEquals(plan.totalBytes(2), plain.trainingBytes(plan));
    }
  }
}
