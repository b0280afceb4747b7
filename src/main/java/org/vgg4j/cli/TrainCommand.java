package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.FashionMnist;
import org.vgg4j.data.ImageSource;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Vgg;
import org.vgg4j.run.Checkpoint;
import org.vgg4j.run.CheckpointStore;
import org.vgg4j.run.Checkpointer;
import org.vgg4j.run.EngineTuner;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunDirectory;
import org.vgg4j.run.RunSetup;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.run.TrainingData;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.train.EpochMetrics;
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

  @Spec private CommandSpec spec;
  @Mixin private final CommandSpec recipeFlags = SettingFlags.of(Settings.ofRecipe());
  @Mixin private DataOptions data;
  @Mixin private DeviceOptions device;
  @Mixin private CheckpointOptions checkpoints;

  @Mixin private final CommandSpec trainFlags = SettingFlags.of(List.of(Settings.TRAIN_IMAGES));

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the run's files (default: runs/<time>).")
  private Path out;

  @Option(
      names = "--tune",
      description =
          "Time the engine's variants and take the fastest; another run may choose another and"
              + " end with other bits.")
  private boolean tune;

  @Override
  public Integer call() throws IOException {
    checkpoints.check();
    ResumedRun resumed = resumed();
    Recipe recipe =
        Settings.recipe(
            resumed == null ? Recipe.quick() : resumed.recipe(),
            setting -> SettingFlags.text(recipeFlags, setting));
    if (resumed != null && resumed.isFinished(recipe)) {
      report(
          "%s is finished: it has its %d epochs; there is nothing to resume"
              .formatted(resumed.run().folder(), recipe.training().epochs()));
      return ExitCode.DONE;
    }
    EngineOptions engine =
        resumed == null ? device.options() : device.options(resumed.config(), resumed.choices());
    // Before the data, which may have to travel: a device that is not there is said at once.
    TrainingData images = null;
    if (tune) {
      String name = nameOfEngine();
      images = images(resumed, recipe);
      engine = engine.withVariant(tuned(name, recipe, images.train()));
    }
    Backends.Selection selection = device.open(engine);
    try (Backend backend = selection.backend()) {
      if (images == null) {
        images = images(resumed, recipe);
      }
      boolean isAsBefore = resumed != null && !given(Settings.DEVICE);
      String reason = isAsBefore ? "as the run before" : selection.reason();
      run(resumed, recipe, images, engine, backend, reason);
    }
    return ExitCode.DONE;
  }

  private TrainingData images(ResumedRun resumed, Recipe recipe) {
    Map<String, Object> before = resumed == null ? Map.of() : resumed.config();
    FashionMnist set = data.load(Settings.DATA_FROM.find(before), err());
    ImageSource train =
        DataOptions.limited(
            set.train(), trainFlags, Settings.TRAIN_IMAGES, Settings.TRAIN_IMAGES.find(before));
    Evaluator.requireClasses(recipe.net(), train);
    return new TrainingData(set, train, data.test(set, Settings.TEST_IMAGES.find(before)));
  }

  private void run(
      ResumedRun resumed,
      Recipe recipe,
      TrainingData images,
      EngineOptions engine,
      Backend backend,
      String reason)
      throws IOException {
    int batchSize = recipe.training().batchSize();
    NetworkOptions options =
        NetworkOptions.training(Trainer.batchSizes(batchSize, images.train().size()))
            .withSeed(recipe.training().seed());
    try (NetworkPlan planned = Vgg.plan(recipe.net(), recipe.initialization(), options, backend)) {
      planned.memoryPlan().requireFits(backend, recipe.stateSlabs());
      String dataFrom =
          data.source(resumed == null ? null : Settings.DATA_FROM.find(resumed.config()));
      Map<String, Object> config =
          Settings.config(
              new RunSetup(Version.current(), recipe, images, dataFrom, backend, engine));
      if (resumed != null) {
        resumed.requireSame(config, this::given);
        resumed.warnOfOtherBits(config, engine.choices());
      }
      RunDirectory run = resumed == null ? RunDirectory.create(folder()) : resumed.run();
      // Nothing is refused any more: until here a refusal is the only line.
      DataOptions.warnOfSample(images.set(), err());
      err().printf("%s (%s)%n", backend.description(), reason);
      run.writeConfig(config);
      report("run folder: " + run.folder());
      try (Vgg vgg = new Vgg(recipe.net(), planned.allocate());
          Trainer trainer =
              new Trainer(vgg, recipe.preprocessing(), recipe.newOptimizer(), recipe.training())) {
        CheckpointStore store =
            resumed == null
                ? new CheckpointStore(run.checkpoints(), checkpoints.keep())
                : resumed.store();
        TrainingState from = resumed == null ? null : restore(resumed, trainer);
        Checkpointer.Contents contents =
            new Checkpointer.Contents(
                recipe.net(), recipe.preprocessing(), images.test().classNames(), config);
        try (Checkpointer checkpointer =
            new Checkpointer(
                trainer, run, store, contents, checkpoints.interval(), from, this::report)) {
          train(trainer, checkpointer, store, recipe, images, run);
        }
      }
    }
    DataOptions.warnOfSample(images.set(), err());
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
    trainer.restore(resumed.takeSnapshot());
    TrainingState state = checkpoint.state();
    resumed.run().writeMetrics(state.finished());
    report("resuming from " + checkpoint.label() + ": " + state.place());
    return state;
  }

  private boolean given(Setting<?, ?> setting) {
    return SettingFlags.text(spec, setting) != null;
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }

  private synchronized void report(String line) {
    err().println(line);
    err().flush();
  }

  private void train(
      Trainer trainer,
      Checkpointer checkpointer,
      CheckpointStore store,
      Recipe recipe,
      TrainingData images,
      RunDirectory run)
      throws IOException {
    try (Interruption interruption = new Interruption(trainer::stop);
        TrainingProgress progress = new TrainingProgress(err(), recipe.training().epochs())) {
      TrainingListener listener = TrainingListener.all(progress, printing());
      EpochMetrics last =
          checkpoints
              .nanPolicy()
              .fit(
                  trainer,
                  checkpointer,
                  store,
                  images.train(),
                  images.test(),
                  listener,
                  this::report);
      if (interruption.happened()) {
        report(
            last == null
                ? "stopped before the first epoch was finished; there is no model"
                : "stopped; " + run.model() + " is the model after epoch " + last.epoch());
        report(goOn(run));
      }
    } catch (DeviceLostException e) {
      try {
        checkpointer.await();
        CheckpointStore.Loaded last = store.newestValid(this::report);
        report(
            last == null
                ? "the GPU was lost before the first checkpoint"
                : "the last checkpoint is %s: %s"
                    .formatted(last.checkpoint().model(), last.checkpoint().state().place()));
        report(goOn(run));
      } catch (RuntimeException second) {
        e.addSuppressed(second); // the loss is what must be told
      }
      throw e;
    }
  }

  private String goOn(RunDirectory run) {
    return "go on with: ./vgg train --resume " + run.folder() + device.cudaLibraryFlags();
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

  /** Returns the name of the engine that a training would take. */
  private String nameOfEngine() {
    try (Backend backend = device.open(Backends.DEFAULT_VARIANT).backend()) {
      return backend.name();
    }
  }

  private String tuned(String engine, Recipe recipe, ImageSource train) {
    EngineTuner.Result result =
        EngineTuner.fastest(
            recipe, train, Backends.variants(engine), v -> device.open(v).backend());
    report("tuned: " + result.text());
    return result.variant();
  }

  private Path folder() {
    return out != null
        ? out
        : Path.of("runs", TIME.format(LocalDateTime.now(ZoneId.systemDefault())));
  }
}
