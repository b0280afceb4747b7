package org.vgg4j.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.decoding.DecodingListener;
import org.vgg4j.data.decoding.PictureCache;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DataSets;
import org.vgg4j.data.sets.DownloadListener;

/**
 * What a {@link TrainingRun} trains, and how. Settings are the options of {@code ./vgg train} by
 * their keys in {@code config.json}: {@code Map.of("device", "cpu", "epochs", "5")}.
 *
 * @param recipe what the settings change in a new run; a resumed run starts from its own recipe
 * @param settings key to text
 * @param data returns the images that are asked for
 * @param cudaLibraries folders to look for CUDA's libraries in before all others
 * @param tune whether a new run times the engine's variants and takes the fastest; a resumed run
 *     keeps its variant
 * @param checkpoints when checkpoints are written, and what they are used for
 * @param report takes each line that the user should see, on any thread
 * @param naming what the lines call a setting
 * @param collective the ranks that share the training; the caller closes it after the run
 */
public record RunPlan(
    Recipe recipe,
    Map<String, String> settings,
    Function<DataRequest, RunData> data,
    List<Path> cudaLibraries,
    boolean tune,
    CheckpointPolicy checkpoints,
    Consumer<String> report,
    Function<Setting<?, ?>, String> naming,
    Collective collective) {
  /** Copies the settings and folders and checks the keys. */
  public RunPlan {
    settings = Map.copyOf(settings);
    cudaLibraries = List.copyOf(cudaLibraries);
    KnownSettings.requireFlags(settings.keySet());
  }

  /** Creates the plan of a training on one rank. */
  public RunPlan(
      Recipe recipe,
      Map<String, String> settings,
      Function<DataRequest, RunData> data,
      List<Path> cudaLibraries,
      boolean tune,
      CheckpointPolicy checkpoints,
      Consumer<String> report,
      Function<Setting<?, ?>, String> naming) {
    this(
        recipe,
        settings,
        data,
        cudaLibraries,
        tune,
        checkpoints,
        report,
        naming,
        Collective.alone());
  }

  /** Returns a plan with these settings and else every default: the recipe quick, no reports. */
  public static RunPlan of(Map<String, String> settings) {
    return new RunPlan(
        Recipe.quick(),
        settings,
        request ->
            RunData.of(
                new DataSets(
                        DataPlaces.ofThisMachine(),
                        DownloadListener.NONE,
                        list -> PictureCache.open(list, request.pictures(), DecodingListener.NONE))
                    .find(request.from(), request.split()),
                request),
        List.of(),
        false,
        CheckpointPolicy.DEFAULT,
        line -> {},
        Setting::key);
  }

  /** Returns the same with another recipe for the settings to change. */
  public RunPlan withRecipe(Recipe other) {
    return new RunPlan(
        other, settings, data, cudaLibraries, tune, checkpoints, report, naming, collective);
  }

  /** Returns the same on a program's own images; they must be given again to resume the run. */
  public RunPlan withData(RunData own) {
    return new RunPlan(
        recipe,
        settings,
        request -> own,
        cudaLibraries,
        tune,
        checkpoints,
        report,
        naming,
        collective);
  }

  /** Returns the same with other checkpoints. */
  public RunPlan withCheckpoints(CheckpointPolicy other) {
    return new RunPlan(
        recipe, settings, data, cudaLibraries, tune, other, report, naming, collective);
  }

  /** Returns the same with something that takes the lines that the user should see. */
  public RunPlan withReport(Consumer<String> other) {
    return new RunPlan(
        recipe, settings, data, cudaLibraries, tune, checkpoints, other, naming, collective);
  }

  /** Returns the same with CUDA's libraries looked for in these folders first. */
  public RunPlan withCudaLibraries(List<Path> other) {
    return new RunPlan(
        recipe, settings, data, other, tune, checkpoints, report, naming, collective);
  }

  /**
   * Returns the same for one of several ranks, each of which has the same plan but for this. Rank 0
   * has the folder and the reports; the others write nothing.
   */
  public RunPlan withCollective(Collective other) {
    return new RunPlan(
        recipe, settings, data, cudaLibraries, tune, checkpoints, report, naming, other);
  }

  /** Returns the plan as its rank carries it out: only rank 0 says something. */
  RunPlan ofItsRank() {
    return collective.rank() == 0 ? this : withReport(line -> {});
  }
}
