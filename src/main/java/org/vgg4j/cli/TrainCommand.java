package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.FashionMnist;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.PlannedNetwork;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.train.Checkpoint;
import org.vgg4j.train.CheckpointStore;
import org.vgg4j.train.Checkpointer;
import org.vgg4j.train.EngineTuner;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Evaluator;
import org.vgg4j.train.Recipe;
import org.vgg4j.train.RunDirectory;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

  private static final String DATA_FROM = "dataFrom";
  private static final String TRAIN_IMAGES = "trainImages";
  private static final String TEST_IMAGES = "testImages";

  @Spec private CommandSpec spec;
  @Mixin private RecipeOptions recipeOptions;
  @Mixin private DataOptions data;
  @Mixin private DeviceOptions device;
  @Mixin private CheckpointOptions checkpoints;

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
    checkpoints.check();
    ResumedRun resumed = resumed();
    Recipe recipe =
        resumed == null ? recipeOptions.recipe() : recipeOptions.recipe(resumed.recipe());
    if (resumed != null && resumed.isFinished(recipe)) {
      report(
          "%s is finished: it has its %d epochs; there is nothing to resume"
              .formatted(resumed.run().folder(), recipe.training().epochs()));
      return ExitCode.DONE;
    }
    FashionMnist set = data.load(resumed == null ? null : resumed.text(DATA_FROM), err);
    Integer oldTrain = resumed == null ? null : resumed.count(TRAIN_IMAGES);
    Integer oldTest = resumed == null ? null : resumed.count(TEST_IMAGES);
    ImageDataset train =
        DataOptions.limited(
            set.train(), trainLimit == null ? oldTrain : trainLimit, "--train-limit");
    ImageDataset test = data.test(set, oldTest);
    Evaluator.requireClasses(recipe.net(), train);
    NetworkOptions options =
        NetworkOptions.training(Trainer.batchSizes(recipe.training().batchSize(), train.size()))
            .withSeed(recipe.training().seed());
    EngineOptions engine =
        resumed == null
            ? device.options().withVariant(variant(recipe, train, err))
            : device.options(resumed.config(), given("--device"));
    Backends.Selection selection = device.open(engine);
    try (Backend backend = selection.backend();
        PlannedNetwork planned =
            Vgg.plan(recipe.net(), recipe.initialization(), options, backend)) {
      planned.memoryPlan().requireFits(backend, recipe.stateSlabs());
      Map<String, Object> config = config(recipe, set, train, test, backend, engine);
      config.put(DATA_FROM, data.source(resumed == null ? null : resumed.text(DATA_FROM)));
      if (resumed != null) {
        resumed.requireSame(config, this::given);
        resumed.warnOfOtherBits(config);
      }
      RunDirectory run = resumed == null ? RunDirectory.create(folder()) : resumed.run();
      // Nothing is refused any more: until here a refusal is the only line.
      DataOptions.warnOfSample(set, err);
      err.printf("%s (%s)%n", backend.description(), selection.reason());
      run.writeConfig(config);
      report("run folder: " + run.folder());
      try (Vgg vgg = new Vgg(recipe.net(), planned.allocate());
          Trainer trainer = new Trainer(vgg, recipe.newOptimizer(), recipe.training())) {
        CheckpointStore store =
            resumed == null
                ? new CheckpointStore(run.checkpoints(), checkpoints.keep())
                : resumed.store();
        TrainingState from = resumed == null ? null : restore(resumed, trainer);
        Checkpointer.Contents contents =
            new Checkpointer.Contents(recipe.net(), test.classNames(), config);
        try (Checkpointer checkpointer =
            new Checkpointer(
                trainer, run, store, contents, checkpoints.interval(), from, this::report)) {
          train(trainer, checkpointer, store, recipe, train, test, run);
        }
      }
    }
    DataOptions.warnOfSample(set, err);
    return ExitCode.DONE;
  }

  private ResumedRun resumed() throws IOException {
    if (checkpoints.resume() == null) {
      return null;
    }
    if (out != null || tune) {
      throw new ParameterException(
          spec.commandLine(),
          "--resume goes on in the run's folder and variant: leave out --out and --tune");
    }
    return new ResumedRun(checkpoints.resume(), checkpoints.keep(), this::report);
  }

  /** Puts the trainer to where the run stood, and the metrics with it. */
  private TrainingState restore(ResumedRun resumed, Trainer trainer) throws IOException {
    Checkpoint checkpoint = resumed.checkpoint();
    if (checkpoint == null) {
      report("there is no checkpoint yet: starting at the beginning");
      resumed.run().writeMetrics(List.of());
      return null;
    }
    checkpoint.restore(trainer);
    TrainingState state = checkpoint.state();
    resumed.run().writeMetrics(state.finished());
    report("resuming from " + checkpoint.label() + ": " + state.place());
    return state;
  }

  private boolean given(String flag) {
    return spec.commandLine().getParseResult().hasMatchedOption(flag);
  }

  private synchronized void report(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
  }

  private void train(
      Trainer trainer,
      Checkpointer checkpointer,
      CheckpointStore store,
      Recipe recipe,
      ImageDataset train,
      ImageDataset test,
      RunDirectory run)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    try (Interruption interruption = new Interruption(trainer::stop);
        TrainingProgress progress = new TrainingProgress(err, recipe.training().epochs())) {
      TrainingListener listener = TrainingListener.all(progress, printing());
      EpochMetrics last =
          checkpoints
              .recovery()
              .fit(trainer, checkpointer, store, train, test, listener, this::report);
      if (interruption.happened()) {
        report(
            last == null
                ? "stopped before the first epoch was finished; there is no model"
                : "stopped; " + run.model() + " is the model after epoch " + last.epoch());
        report("go on with: ./vgg train --resume " + run.folder());
      }
    } catch (DeviceLostException e) {
      report(
          Files.exists(run.model())
              ? "the model after the last whole epoch is " + run.model()
              : "the GPU was lost before the first epoch was finished; there is no model");
      report("go on with: ./vgg train --resume " + run.folder());
      throw e;
    }
  }

  private TrainingListener printing() {
    PrintWriter stdout = spec.commandLine().getOut();
    return new TrainingListener() {
      @Override
      public void epochFinished(EpochMetrics metrics) {
        stdout.println(metrics.line());
        stdout.flush();
      }
    };
  }

  private String variant(Recipe recipe, ImageDataset train, PrintWriter err) {
    return tune ? tuned(recipe, train, err) : Backends.DEFAULT_VARIANT;
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
      EngineOptions engine) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("vgg4j", Version.current());
    config.putAll(recipe.toMap());
    config.put("data", set.isSample() ? FashionMnist.SAMPLE : FashionMnist.WHOLE);
    config.put(TRAIN_IMAGES, train.size());
    config.put(TEST_IMAGES, test.size());
    config.put("trainCrc32c", train.crc32c());
    config.put("testCrc32c", test.crc32c());
    config.put("device", backend.name());
    config.put("variant", engine.variant());
    DeviceOptions.describe(engine, config);
    config.put("engine", backend.description());
    if (!backend.choices().isEmpty()) {
      config.put("choices", new TreeMap<>(backend.choices()));
    }
    config.put("java", System.getProperty("java.version"));
    return config;
  }
}
