package org.vgg4j.run;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.ImageSource;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/**
 * Times the variants of an engine on the net to be trained: the one place where a timing makes a
 * choice.
 */
final class EngineTuner {
  private static final int WARM_STEPS = 2;
  private static final int TIMED_STEPS = 5;

  private EngineTuner() {}

  /**
   * What was measured.
   *
   * @param variant the fastest
   * @param medianMillis the median time of a training step by variant
   */
  record Result(String variant, Map<String, Double> medianMillis) {
    /** Returns one line for a person. */
    String text() {
      StringBuilder text = new StringBuilder("variant " + variant + " (");
      String separator = "";
      for (Map.Entry<String, Double> entry : medianMillis.entrySet()) {
        text.append(separator)
            .append(entry.getKey())
            .append(String.format(Locale.ROOT, " %.1f ms a step", entry.getValue()));
        separator = ", ";
      }
      return text.append(')').toString();
    }
  }

  /**
   * Trains a throw-away net some steps in each variant.
   *
   * @param options how the engine is opened in each; one is closed before the next is opened
   * @param engine its name
   */
  static Result fastest(Recipe recipe, ImageSource data, EngineOptions options, String engine) {
    List<String> variants = Backends.variants(engine);
    Map<String, Double> medians = new LinkedHashMap<>();
    for (String variant : variants) {
      try (Backend backend = Backends.open(options.withVariant(variant)).backend()) {
        medians.put(variant, median(recipe, data, backend));
      }
    }
    String best = variants.get(0);
    for (String variant : variants) {
      best = medians.get(variant) < medians.get(best) ? variant : best;
    }
    return new Result(best, medians);
  }

  private static double median(Recipe recipe, ImageSource data, Backend backend) {
    int batch = Math.min(recipe.training().batchSize(), data.size());
    ImageSource few = data.limit(Math.min(data.size() / batch, WARM_STEPS + TIMED_STEPS) * batch);
    TrainingOptions options = recipe.training();
    TrainingOptions once =
        new TrainingOptions(1, batch, options.learningRate(), options.schedule(), options.seed());
    StepClock clock = new StepClock();
    try (Vgg vgg =
            Vgg.build(
                recipe.net(), recipe.initialization(), NetworkOptions.training(batch), backend);
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
