package org.vgg4j.run;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.ImageSource;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/** Times the variants of an engine on the net to be trained. */
final class EngineTuner {
  /** What is said of the default with the fastest orders of each layer. */
  private static final String BY_LAYER = "by layer";

  private static final int WARM_STEPS = 2;
  private static final int TIMED_STEPS = 5;

  private EngineTuner() {}

  /**
   * Trains a throw-away net some steps in each variant, and in the orders that are fastest layer by
   * layer, and returns the options of the fastest.
   *
   * @param options how the engine is opened in each; one is closed before the next is opened
   * @param engine its name
   * @param given the settings, of which the limit of memory is read
   * @param report takes a line with the median time of a step by variant
   */
  static EngineOptions fastest(
      Recipe recipe,
      ImageSource data,
      EngineOptions options,
      String engine,
      Map<String, String> given,
      Consumer<String> report) {
    Map<String, EngineOptions> ways = new LinkedHashMap<>();
    for (String variant : Backends.variants(engine)) {
      ways.put(variant, options.toBuilder().variant(variant).build());
    }
    if (Backends.canTimeLayers(engine)) {
      ways.put(BY_LAYER, options.toBuilder().timesLayers(true).build());
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    ways.replaceAll(
        (name, way) -> {
          try (Backend backend = Backends.open(way).backend()) {
            medians.put(name, median(recipe, data, backend, given));
            return way.timesLayers()
                ? way.toBuilder().timesLayers(false).choices(backend.choices()).build()
                : way;
          }
        });
    String best = Collections.min(medians.entrySet(), Map.Entry.comparingByValue()).getKey();
    String times =
        medians.entrySet().stream()
            .map(e -> String.format(Locale.ROOT, "%s %.1f ms a step", e.getKey(), e.getValue()))
            .collect(Collectors.joining(", "));
    report.accept("tuned: variant " + best + " (" + times + ")");
    return ways.get(best);
  }

  private static double median(
      Recipe recipe, ImageSource data, Backend backend, Map<String, String> given) {
    int batch = Math.min(recipe.training().batchSize(), data.size());
    ImageSource few = data.limit(Math.min(data.size() / batch, WARM_STEPS + TIMED_STEPS) * batch);
    TrainingOptions options = recipe.training();
    MemoryChoice way =
        RunMemory.choose(recipe, few.size(), backend, given, Map.of(), 0, Sharing.NONE).choice();
    TrainingOptions once =
        new TrainingOptions(1, batch, options.learningRate(), options.schedule(), options.seed())
            .withSplit(way.split())
            .withUpdates(options.updates())
            .withAugmentation(options.augmentation());
    NetworkOptions net =
        recipe
            .networkOptions(Trainer.batchSizes(batch, few.size(), way.split()))
            .withRecomputation(way.way().recomputation());
    StepClock clock = new StepClock();
    try (Vgg vgg = Vgg.build(recipe.net(), recipe.initialization(), net, backend);
        Trainer trainer = new Trainer(vgg, recipe.preprocessing(), recipe.newOptimizer(), once)) {
      trainer.fit(few, few.limit(1), clock);
    }
    return clock.medianMillis();
  }

  /** Notes when steps end. */
  private static final class StepClock implements TrainingListener {
    private final double[] millis = new double[WARM_STEPS + TIMED_STEPS];
    private int count;
    private int lastStep;
    private long last;

    @Override
    public void epochStarted(int epoch, int steps, int images) {
      last = System.nanoTime();
    }

    @Override
    public void stepFinished(int epoch, int step, int images, double meanLoss) {
      long now = System.nanoTime();
      millis[count++] = (now - last) / 1e6 / (step - lastStep);
      last = now;
      lastStep = step;
    }

    double medianMillis() {
      int from = Math.min(WARM_STEPS, count - 1);
      double[] timed = Arrays.copyOfRange(millis, from, count);
      Arrays.sort(timed);
      return timed[timed.length / 2];
    }
  }
}
