package org.vgg4j.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
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
 */
public record RunPlan(
    Recipe recipe,
    Map<String, String> settings,
    Function<DataRequest, RunData> data,
    List<Path> cudaLibraries,
    boolean tune,
    CheckpointPolicy checkpoints,
    Consumer<String> report,
    Function<Setting<?, ?>, String> naming) {
  /** Copies the settings and folders and checks the keys. */
  public RunPlan {
    settings = Map.copyOf(settings);
    cudaLibraries = List.copyOf(cudaLibraries);
    KnownSettings.requireFlags(settings.keySet());
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
    return new RunPlan(other, settings, data, cudaLibraries, tune, checkpoints, report, naming);
  }

  /** Returns the same on a program's own images; they must be given again to resume the run. */
  public RunPlan withData(RunData own) {
    return new RunPlan(
        recipe, settings, request -> own, cudaLibraries, tune, checkpoints, report, naming);
  }

  /** Returns the same with other checkpoints. */
  public RunPlan withCheckpoints(CheckpointPolicy other) {
    return new RunPlan(recipe, settings, data, cudaLibraries, tune, other, report, naming);
  }

  /** Returns the same with something that takes the lines that the user should see. */
  public RunPlan withReport(Consumer<String> other) {
    return new RunPlan(recipe, settings, data, cudaLibraries, tune, checkpoints, other, naming);
  }
}
