package org.vgg4j.run;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.RandomImages;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.NormFolding;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;

/**
 * Times training steps on random images of the net's own size: all that a training does for a step,
 * from the images to the update. The engine is waited for only at the ends of a window of steps.
 *
 * @param warmUp steps before the first window, at least 1: the first ones plan, load and record
 * @param steps of a window, at least 1
 * @param windows how many are timed, at least 1
 */
public record StepBenchmark(int warmUp, int steps, int windows) {
  /** Checks the numbers. */
  public StepBenchmark {
    InvalidInputException.requireAtLeast(1, "warmUp", warmUp);
    InvalidInputException.requireAtLeast(1, "steps", steps);
    InvalidInputException.requireAtLeast(1, "repeats", windows);
  }

  /**
   * What was measured at the end of a window.
   *
   * @param seconds that it took
   * @param freeBytes that the engine could still take
   * @param processBytes of main memory that the process holds, 0 where the system does not say it
   */
  public record Window(double seconds, long freeBytes, long processBytes) {}

  /**
   * What came of it.
   *
   * @param windows in their order, fewer when the pace ended them
   * @param plannedBytes that the net and its training take on the engine
   * @param expectedBytes what {@link ProcessMemory} expected the process to hold at most, else 0
   */
  public record Result(List<Window> windows, long plannedBytes, long expectedBytes) {
    /** Copies the list. */
    public Result {
      windows = List.copyOf(windows);
    }
  }

  /** Who says when a window begins. It is asked on the training thread, while the engine waits. */
  public interface Pace {
    /** One window after the other. */
    Pace STEADY = () -> true;

    /** Returns whether to begin the next window, when it is time for it; false ends all. */
    boolean mayBegin();

    /** Hears what a window took. */
    default void ended(Window window) {}
  }

  /**
   * Trains a throw-away net.
   *
   * @param pace says when each window begins
   * @throws InvalidInputException when the engine cannot compute the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Result run(Recipe recipe, Backend backend, Pace pace) {
    long images = (long) imagesOfStep(recipe) * (warmUp + (long) steps * windows);
    if (images > Integer.MAX_VALUE) {
      throw InvalidInputException.of("repeats", "and the steps make too many images: " + images);
    }
    int side = recipe.net().imageSize();
    ImageSource data =
        new RandomImages(
            new ImageShape(recipe.net().channels(), side, side),
            recipe.net().classes(),
            (int) images,
            recipe.training().seed());
    try (NetworkPlan plan = recipe.plan(data.size(), backend)) {
      long planned = recipe.trainingBytes(plan.memoryPlan());
      MemoryPlan.requireFits(planned, backend);
      long expected = ProcessMemory.ofSteps(recipe, plan.memoryPlan(), images, backend);
      Augmentation augmentation = recipe.measured(data.limit(1)).augmentation();
      try (Vgg vgg = new Vgg(recipe.net(), plan.allocate());
          Trainer trainer =
              new Trainer(
                  vgg, recipe.newOptimizer(), recipe.training().withAugmentation(augmentation))) {
        Clock clock = new Clock(backend, trainer, pace);
        trainer.fit(data, data.limit(1), clock);
        return new Result(clock.windows, planned, expected);
      }
    }
  }

  /**
   * Times forward passes of a net for inference on random images that lie in its input, each with
   * its logits read back.
   *
   * @param pace says when each window begins
   * @throws InvalidInputException when the engine cannot compute the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Result runForward(Recipe recipe, Backend backend, Pace pace) {
    int batch = imagesOfStep(recipe);
    VggConfig config = NormFolding.config(recipe.net());
    NetworkOptions options = NetworkOptions.inference(batch).withSeed(recipe.training().seed());
    try (NetworkPlan plan = Vgg.plan(config, recipe.initialization(), options, backend)) {
      plan.memoryPlan().requireFits(backend, 0);
      long expected = ProcessMemory.ofInference(plan.memoryPlan(), backend);
      try (Vgg vgg = new Vgg(config, plan.allocate())) {
        Execution execution = vgg.network().execution(batch);
        long key = CounterRandom.key(recipe.training().seed(), 0, 0);
        execution.input().fill(i -> CounterRandom.uniform(key, i));
        double[] logits = new double[execution.output().shape().arrayLength()];
        Runnable step = () -> execution.forward(false).download(logits);
        for (int i = 0; i < warmUp; i++) {
          step.run();
        }
        List<Window> all = new ArrayList<>();
        while (all.size() < windows && pace.mayBegin()) {
          long begin = System.nanoTime();
          for (int i = 0; i < steps; i++) {
            step.run();
          }
          double seconds = (System.nanoTime() - begin) / 1e9;
          all.add(new Window(seconds, backend.availableBytes(), ProcessMemory.held()));
          pace.ended(all.get(all.size() - 1));
        }
        return new Result(all, plan.memoryPlan().totalBytes(0), expected);
      }
    }
  }

  /** Returns how many images a step takes. */
  public static int imagesOfStep(Recipe recipe) {
    return recipe.training().batchSize() * recipe.training().accumulate();
  }

  /** Ends the windows, and the training with the last. */
  private final class Clock implements TrainingListener {
    private final Backend backend;
    private final Trainer trainer;
    private final Pace pace;
    private final List<Window> windows = new ArrayList<>();
    private long begin;

    Clock(Backend backend, Trainer trainer, Pace pace) {
      this.backend = backend;
      this.trainer = trainer;
      this.pace = pace;
    }

    @Override
    public void stepDone(long step) {
      long timed = step - warmUp;
      if (timed < 0 || timed % steps != 0) {
        return;
      }
      backend.synchronize();
      double seconds = (System.nanoTime() - begin) / 1e9;
      if (timed > 0) {
        Window window = new Window(seconds, backend.availableBytes(), ProcessMemory.held());
        windows.add(window);
        pace.ended(window);
      }
      if (windows.size() == StepBenchmark.this.windows || !pace.mayBegin()) {
        trainer.stop();
      }
      begin = System.nanoTime();
    }
  }
}
