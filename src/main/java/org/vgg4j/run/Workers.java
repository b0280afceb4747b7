package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/**
 * Trains with several workers, each a process that has the same net and a part of every batch. The
 * module {@code vgg4j-spark} brings one; this library has none, so that it needs no Spark.
 */
public interface Workers {
  /**
   * What they train, and how.
   *
   * @param workers how many, at least 1
   * @param attempts how often it is tried in all, when workers are lost; at least 1
   * @param network between them: loopback, an interface, or addresses such as 10.1.0.0/16
   * @param settings key to text, as a {@link RunPlan} has them
   * @param folder of the run
   * @param resumes whether it goes on with the run that the folder holds
   * @param cudaLibraries folders to look for CUDA's libraries in before all others
   * @param checkpoints when checkpoints are written, from which another attempt goes on
   * @param profile the number of steps of rank 0 to time, 0 for none
   * @param table takes the lines of their profile
   * @param report takes each line that the user should see
   * @param listener hears of the progress, some time after it
   * @param stopping is asked now and then whether to stop, with a checkpoint
   */
  record Plan(
      int workers,
      int attempts,
      String network,
      Map<String, String> settings,
      Path folder,
      boolean resumes,
      List<Path> cudaLibraries,
      CheckpointPolicy checkpoints,
      int profile,
      Consumer<String> table,
      Consumer<String> report,
      TrainingListener listener,
      BooleanSupplier stopping) {
    /** Copies the settings and folders and checks the numbers. */
    public Plan {
      settings = Map.copyOf(settings);
      cudaLibraries = List.copyOf(cudaLibraries);
      InvalidInputException.requireAtLeast(1, "workers", workers);
      InvalidInputException.requireAtLeast(1, "attempts", attempts);
      KnownSettings.requireFlags(settings.keySet());
    }
  }

  /**
   * Returns the recipe as far as it is known without the images. So settings that cannot be used
   * are refused before any worker starts.
   *
   * @param resumed the folder of the run to go on with, null for a new one
   * @throws InvalidInputException when a setting cannot be used
   */
  static Recipe recipe(Map<String, String> settings, Path resumed) {
    return resumed == null
        ? RecipeChoice.of(Recipe.quick(), settings, StartingWeights.of(settings)).withoutImages()
        : RecipeChoice.of(RunRecord.read(resumed).recipe(), settings, StartingWeights.NONE)
            .withoutImages();
  }

  /** Returns what the class path has, nothing without the module. */
  static Optional<Workers> find() {
    return ServiceLoader.load(Workers.class).findFirst();
  }

  /**
   * Trains, and waits for the end.
   *
   * @return the metrics of the last epoch that ended, null when none did
   * @throws InvalidInputException when something that was given cannot be used
   * @throws WorkersFailedException when every attempt failed
   * @throws IOException when what the workers need here cannot be written
   */
  EpochMetrics train(Plan plan) throws IOException, InterruptedException;
}
