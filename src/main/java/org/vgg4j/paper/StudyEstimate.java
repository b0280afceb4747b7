package org.vgg4j.paper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.run.EngineSettings;
import org.vgg4j.run.ImageTraits;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunData;
import org.vgg4j.run.Settings;
import org.vgg4j.run.StartingWeights;
import org.vgg4j.run.StepBenchmark;
import org.vgg4j.tensor.Backend;

/**
 * How long what is left of a study's trainings and tests takes, from a few steps of each net on
 * random images.
 *
 * @param trainings each of the study, in its order
 * @param testSeconds of the tests that are left
 */
public record StudyEstimate(List<Training> trainings, double testSeconds) {
  /** Images of a timed step, at most. */
  private static final int MOST_IMAGES = 32;

  /** Images of the first steps that are timed: some nets take a minute for more on a CPU. */
  private static final int FEW_IMAGES = 4;

  /** A step with more images may take so long. */
  private static final double LONG_STEP_SECONDS = 1;

  /** How many steps are timed at most, and how long; the fastest counts. */
  private static final int STEPS = 5;

  private static final double PATIENCE_SECONDS = 3;

  /** A training pass does some three times the arithmetic of a forward pass. */
  private static final double PASSES_OF_A_STEP = 3;

  /** Crops of a picture at one size, with their mirror images. */
  private static final int CROPS = 50;

  /**
   * A training.
   *
   * @param name its net, scale and seed
   * @param from what its weights begin with, in words
   * @param bytes of memory that the net takes, on the engine that was asked
   * @param seconds of all its epochs, without their evaluations
   * @param isFinished whether it was made before; then there are no bytes and seconds
   */
  public record Training(
      String name, String from, long bytes, double seconds, boolean isFinished) {}

  /** Returns the seconds of all trainings. */
  public double trainSeconds() {
    return trainings.stream().mapToDouble(Training::seconds).sum();
  }

  /** What a net takes. */
  private record Cost(double imagesPerSecond, long bytes) {
    static final Cost NONE = new Cost(1, 0);
  }

  /**
   * Times the nets, which are built for it and thrown away.
   *
   * @param data the study's images, as many as are trained and tested on
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when a net does not fit
   * @throws IOException when the study's folder cannot be read
   */
  public static StudyEstimate of(StudyOptions options, RunData data, List<Path> cudaLibraries)
      throws IOException {
    Map<PaperNet, Cost> costs = new EnumMap<>(PaperNet.class);
    List<Training> trainings = new ArrayList<>();
    double testSeconds = 0;
    try (Backend backend =
        Backends.open(EngineSettings.options(options.settings(), cudaLibraries)).backend()) {
      for (StudyRun run : options.runs()) {
        boolean isFinished = options.isFinished(run);
        double passes =
            StudyTest.of(run, options.scales()).stream()
                .filter(test -> !Files.exists(options.file(test)))
                .mapToDouble(test -> passes(test, options.scales().side()))
                .sum();
        Cost cost = Cost.NONE;
        if (!isFinished || passes > 0) {
          cost = costs.computeIfAbsent(run.net(), net -> cost(options, run, data, backend));
          testSeconds += passes * data.test().size() / (PASSES_OF_A_STEP * cost.imagesPerSecond());
        }
        double images = (double) data.train().size() * options.recipe(run).training().epochs();
        trainings.add(
            new Training(
                options.name(run),
                from(options, run),
                cost.bytes(),
                isFinished ? 0 : images / cost.imagesPerSecond(),
                isFinished));
      }
    }
    return new StudyEstimate(List.copyOf(trainings), testSeconds);
  }

  /** Returns how many forward passes of a square one picture's test is worth. */
  private static double passes(StudyTest test, int side) {
    double share = (double) test.size() / side;
    return test.way() == TestWay.DENSE ? 2 * share * share : CROPS;
  }

  private static Cost cost(StudyOptions options, StudyRun run, RunData data, Backend backend) {
    ImageTraits traits = ImageTraits.of(data);
    Map<String, String> settings = options.settings(run);
    Recipe whole = recipe(settings, traits);
    long bytes;
    try (NetworkPlan plan = whole.plan(data.train().size(), backend)) {
      bytes = whole.trainingBytes(plan.memoryPlan());
    }
    int most = Math.min(MOST_IMAGES, whole.training().batchSize());
    int few = Math.min(FEW_IMAGES, most);
    double fewSeconds = stepSeconds(settings, traits, few, backend);
    int more = (int) Math.min(most, few * LONG_STEP_SECONDS / fewSeconds);
    double imagesPerSecond =
        more > few ? more / stepSeconds(settings, traits, more, backend) : few / fewSeconds;
    return new Cost(imagesPerSecond, bytes);
  }

  /** Returns what a step of so many images takes. */
  private static double stepSeconds(
      Map<String, String> settings, ImageTraits traits, int images, Backend backend) {
    Map<String, String> small = new TreeMap<>(settings);
    small.put("batchSize", Integer.toString(images));
    small.put("accumulate", "1");
    return new StepBenchmark(1, 1, STEPS)
        .run(recipe(small, traits), backend, new Patience()).windows().stream()
            .mapToDouble(StepBenchmark.Window::seconds)
            .min() // a step that waited for another program says nothing of the net
            .orElseThrow();
  }

  /** Ends the timing of a slow net early, though not before its first step. */
  private static final class Patience implements StepBenchmark.Pace {
    private double seconds;

    @Override
    public boolean mayBegin() {
      return seconds < PATIENCE_SECONDS;
    }

    @Override
    public void ended(StepBenchmark.Window window) {
      seconds += window.seconds();
    }
  }

  private static Recipe recipe(Map<String, String> settings, ImageTraits traits) {
    return Settings.recipe(Recipe.of("paper"), settings, traits, StartingWeights.NONE);
  }

  private static String from(StudyOptions options, StudyRun run) {
    StudyRun before = run.before();
    if (before == null) {
      return "drawn";
    }
    return run.goesOn()
        ? "all of S = " + options.scales().text(before.scale())
        : "first four convolutions and linear layers of A";
  }
}
