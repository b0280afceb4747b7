package org.vgg4j.run;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.tensor.Backend;

/**
 * What a run is made of, and {@code config.json} written from.
 *
 * @param version that of vgg4j
 * @param recipe the net and its training
 * @param data the images
 * @param dataFrom what finds them again, null for a search
 * @param backend the open engine
 * @param engine the options it was opened with
 */
public record RunSetup(
    String version,
    Recipe recipe,
    TrainingData data,
    String dataFrom,
    Backend backend,
    EngineOptions engine) {

  /** Returns the device as it is asked for: cuda:1 where that was asked for. */
  String device() {
    return engine.device().startsWith(backend.name() + ":") ? engine.device() : backend.name();
  }

  /** Returns what only the GPU has, null for another engine. */
  <T> T onGpu(Function<EngineOptions, T> value) {
    return backend.name().equals("cuda") ? value.apply(engine) : null;
  }

  /** Returns what the engine chose by measuring, null for nothing. */
  Map<String, String> choices() {
    return backend.choices().isEmpty() ? null : new TreeMap<>(backend.choices());
  }
}
