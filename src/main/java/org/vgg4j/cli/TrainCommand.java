package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.FashionMnist;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.PlannedNetwork;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.train.EngineTuner;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Evaluator;
import org.vgg4j.train.ModelFile;
import org.vgg4j.train.Recipe;
import org.vgg4j.train.RunDirectory;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./vgg train}. */
@Command(
    name = "train",
    description = "Trains a VGG on Fashion-MNIST.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class TrainCommand implements Callable<Integer> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  @Spec private CommandSpec spec;
  @Mixin private RecipeOptions recipeOptions;
  @Mixin private DataOptions data;
  @Mixin private DeviceOptions device;

  @Option(
      names = "--train-limit",
      paramLabel = "N",
      description = "Use the first N training images only.")
  private Integer trainLimit;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the run's files; runs/<time> by default.")
  private Path out;

  @Option(
      names = "--tune",
      description =
          "Time the engine's variants and take the fastest; another run may then choose another and"
              + " end with other bits.")
  private boolean tune;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Recipe recipe = recipeOptions.recipe();
    FashionMnist set = data.load(err);
    ImageDataset train = DataOptions.limited(set.train(), trainLimit, "--train-limit");
    ImageDataset test = data.test(set);
    Evaluator.requireClasses(recipe.net(), train);
    NetworkOptions options =
        NetworkOptions.training(Trainer.batchSizes(recipe.training().batchSize(), train.size()))
            .withSeed(recipe.training().seed());
    String variant = tune ? tuned(recipe, train, err) : Backends.DEFAULT_VARIANT;
    Backends.Selection selection = device.open(variant);
    try (Backend backend = selection.backend();
        PlannedNetwork planned =
            Vgg.plan(recipe.net(), recipe.initialization(), options, backend)) {
      planned.memoryPlan().requireFits(backend, recipe.stateSlabs());
      RunDirectory run = RunDirectory.create(folder());
      // Nothing is refused any more: until here a refusal is the only line.
      DataOptions.warnOfSample(set, err);
      err.printf("%s (%s)%n", backend.description(), selection.reason());
      run.writeConfig(config(recipe, set, train, test, backend, variant));
      err.printf("run folder: %s%n", run.folder());
      err.flush();
      try (Vgg vgg = new Vgg(recipe.net(), planned.allocate())) {
        train(vgg, recipe, train, test, run);
      }
    }
    DataOptions.warnOfSample(set, err);
    return ExitCode.DONE;
  }

  private void train(
      Vgg vgg, Recipe recipe, ImageDataset train, ImageDataset test, RunDirectory run) {
    PrintWriter err = spec.commandLine().getErr();
    try (Trainer trainer = new Trainer(vgg, recipe.newOptimizer(), recipe.training());
        Interruption interruption = new Interruption(trainer::stop);
        TrainingProgress progress = new TrainingProgress(err, recipe.training().epochs())) {
      EpochMetrics last =
          trainer.fit(train, test, TrainingListener.all(progress, saving(vgg, test, run)));
      if (interruption.happened()) {
        err.println(
            last == null
                ? "stopped before the first epoch was finished; there is no model"
                : "stopped; " + run.model() + " is the model after epoch " + last.epoch());
        err.flush();
      }
    } catch (DeviceLostException e) {
      err.println(
          Files.exists(run.model())
              ? "the model after the last whole epoch is " + run.model()
              : "the GPU was lost before the first epoch was finished; there is no model");
      err.flush();
      throw e;
    }
  }

  private TrainingListener saving(Vgg vgg, ImageDataset test, RunDirectory run) {
    PrintWriter stdout = spec.commandLine().getOut();
    return new TrainingListener() {
      @Override
      public void epochFinished(EpochMetrics metrics) {
        try {
          ModelFile.save(vgg, test.classNames(), run.model());
          run.append(metrics);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        stdout.println(metrics.line());
        stdout.flush();
      }
    };
  }

  private String tuned(Recipe recipe, ImageDataset train, PrintWriter err) {
    String engine;
    try (Backend backend = device.open(Backends.DEFAULT_VARIANT).backend()) {
      engine = backend.name();
    }
    EngineTuner.Result result =
        EngineTuner.fastest(
            recipe, train, Backends.variants(engine), v -> device.open(v).backend());
    err.printf("tuned: %s%n", result.text());
    err.flush();
    return result.variant();
  }

  private Path folder() {
    return out != null
        ? out
        : Path.of("runs", TIME.format(LocalDateTime.now(ZoneId.systemDefault())));
  }

  /** Returns all that is needed to repeat the run. */
  private Map<String, Object> config(
      Recipe recipe,
      FashionMnist set,
      ImageDataset train,
      ImageDataset test,
      Backend backend,
      String variant) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("vgg4j", Version.current());
    config.putAll(recipe.toMap());
    config.put("data", set.isSample() ? FashionMnist.SAMPLE : FashionMnist.WHOLE);
    config.put("trainImages", train.size());
    config.put("testImages", test.size());
    config.put("device", backend.name());
    config.put("variant", variant);
    config.put("engine", backend.description());
    if (!backend.choices().isEmpty()) {
      config.put("choices", new TreeMap<>(backend.choices()));
    }
    config.put("java", System.getProperty("java.version"));
    return config;
  }
}
