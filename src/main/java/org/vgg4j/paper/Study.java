package org.vgg4j.paper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.run.TrainingRun;
import org.vgg4j.train.TrainingListener;

/**
 * Trains and tests the paper's nets, in its order: A first, the deeper ones from A's first four
 * convolutions and linear layers; at the second scale from the weights of the first, and with
 * jitter from those of the second, each at a tenth of the learning rate. What is finished is used
 * again, and what was interrupted is gone on with.
 *
 * <p>Source: Simonyan and Zisserman (2015), sections 3 and 4.
 */
public final class Study {
  private static final double LATER_RATE = 0.1;

  private final StudyOptions options;
  private final RunPlan plan;
  private volatile TrainingRun training;
  private volatile boolean stopped;

  /**
   * Prepares a study; nothing is written yet.
   *
   * @param plan says where images come from, where CUDA's libraries lie and who hears of it; its
   *     recipe and settings are not read
   * @throws org.vgg4j.tensor.InvalidInputException when the folder is of another study
   * @throws IOException when the folder cannot be read
   */
  public Study(StudyOptions options, RunPlan plan) throws IOException {
    StudyFile.requireNoOther(options);
    this.options = options;
    this.plan = plan;
  }

  /**
   * What is told of the progress.
   *
   * @see TrainingListener
   */
  public interface Listener {
    /** A training begins or goes on; returns who hears of its progress. */
    TrainingListener training(String name, int number, int of, int epochs);

    /** A test begins. */
    void testing(String name, int number, int of);

    /** So many of a test's pictures are done. */
    void tested(long images, long of);
  }

  /**
   * Trains and tests what is left.
   *
   * @return the results, null when it was stopped before
   * @throws IOException when a file cannot be read or written
   */
  public StudyResults run(Listener listener) throws IOException {
    StudyFile.begin(options);
    List<StudyRun> runs = options.runs();
    StudyTests tests = new StudyTests(options, plan);
    StudyResults results = new StudyResults(options);
    for (int i = 0; i < runs.size(); i++) {
      StudyRun run = runs.get(i);
      if (!options.isFinished(run) && !train(run, listener, i + 1, runs.size())) {
        return null;
      }
      if (!tests.run(run, results, listener, i + 1, runs.size(), () -> stopped)) {
        return null;
      }
    }
    return results;
  }

  /** Ends the present training or test as soon as what is done so far is kept; from any thread. */
  public void stop() {
    stopped = true;
    TrainingRun present = training;
    if (present != null) {
      present.stop();
    }
  }

  private boolean train(StudyRun run, Listener listener, int number, int of) throws IOException {
    Path folder = options.folder(run);
    String name = options.name(run);
    boolean isNew = !Files.exists(folder.resolve("config.json"));
    try (TrainingRun present =
        isNew
            ? TrainingRun.create(plan(settings(run)), folder)
            : TrainingRun.resume(folder, plan(engineSettings()))) {
      training = present;
      if (stopped) {
        return false;
      }
      int epochs = present.recipe().training().epochs();
      present.fit(listener.training(name, number, of, epochs));
    } finally {
      training = null;
    }
    return !stopped;
  }

  /** Returns the settings of a new training, with its first weights. */
  private Map<String, String> settings(StudyRun run) {
    Map<String, String> all = options.settings(run);
    StudyRun before = run.before();
    if (before != null) {
      String model = options.folder(before).resolve("model.safetensors").toString();
      all.put(run.goesOn() ? "startFrom" : "initFrom", model);
    }
    if (run.goesOn()) {
      double rate = options.recipe(run).training().learningRate();
      all.put("learningRate", Double.toString(LATER_RATE * rate));
    }
    return all;
  }

  /** Returns those settings that a training which goes on may be given. */
  private Map<String, String> engineSettings() {
    Map<String, String> known = new TreeMap<>();
    for (Setting<?, ?> setting : Settings.ofEngine()) {
      String value = options.settings().get(setting.key());
      if (value != null) {
        known.put(setting.key(), value);
      }
    }
    return known;
  }

  private RunPlan plan(Map<String, String> settings) {
    return new RunPlan(
        Recipe.of("paper"),
        settings,
        plan.data(),
        plan.cudaLibraries(),
        false,
        plan.checkpoints(),
        plan.report(),
        plan.naming());
  }
}
