package org.vgg4j.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.FashionMnist;
import org.vgg4j.run.Recipe;
import org.vgg4j.tensor.Backend;

/** What config.json says: all that is needed to repeat a run. */
final class RunConfig {
  static final String DATA_FROM = "dataFrom";
  static final String TRAIN_IMAGES = "trainImages";
  static final String TEST_IMAGES = "testImages";

  /** What the engine chose by measuring: name to choice. */
  static final String CHOICES = "choices";

  private RunConfig() {}

  /**
   * Returns the configuration; {@code dataFrom} is what finds the data again, null for a search.
   */
  static Map<String, Object> of(
      Recipe recipe, TrainingData data, String dataFrom, Backend backend, EngineOptions engine) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("vgg4j", Version.current());
    config.putAll(recipe.toMap());
    config.put("data", data.set().isSample() ? FashionMnist.SAMPLE : FashionMnist.WHOLE);
    config.put(TRAIN_IMAGES, data.train().size());
    config.put(TEST_IMAGES, data.test().size());
    config.put("trainCrc32c", data.train().checksum());
    config.put("testCrc32c", data.test().checksum());
    config.put("device", DeviceOptions.name(engine, backend));
    config.put("variant", engine.variant());
    DeviceOptions.describe(engine, backend, config);
    config.put("engine", backend.description());
    if (!backend.choices().isEmpty()) {
      config.put(CHOICES, new TreeMap<>(backend.choices()));
    }
    config.put("java", System.getProperty("java.version"));
    config.put(DATA_FROM, dataFrom);
    return config;
  }
}
