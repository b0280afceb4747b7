package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.profile.ProfileTable;
import org.vgg4j.report.RunReport;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunFolders;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.RunRecord;
import org.vgg4j.run.ScalingMeasurement;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.run.StartingWeights;
import org.vgg4j.run.StepBenchmark;
import org.vgg4j.run.TrainingRun;
import org.vgg4j.run.Workers;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.train.DivergedException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./vgg train}. */
@Command(
    name = "train",
    description = "Trains a VGG on pictures in folders, Fashion-MNIST, CIFAR and the like.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin final CommandSpec recipeFlags = SettingFlags.of(Settings.ofRecipe()); // read by spec

  @Mixin final CommandSpec pictureFlags = SettingFlags.of(Settings.ofPreprocessing());

  @Mixin
  final CommandSpec trainFlags =
      SettingFlags.of(
          Settings.of("trainImages", "dataOn", "memory", "startFrom", "initFrom", "syncBatchNorm"));

  @Mixin private DataOptions data;
  @Mixin private DeviceOptions device;
  @Mixin private CheckpointOptions checkpoints;
  @Mixin private WorkerOptions workers;
  @Mixin private ScalingOptions scaling;

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

  @Option(
      names = "--profile",
      arity = "0..1",
      paramLabel = "STEPS",
      fallbackValue = "10",
      description =
          "Time every operation of some steps (default: ${FALLBACK-VALUE}) after the first 3:"
              + " prints a table, and writes profile.txt, .json and .svg into the run's folder.")
  private Integer profile;

  @Option(
      names = "--no-report",
      description = "Do not end with a report: report.html in the run's folder.")
  private boolean noReport;

  @Option(
      names = "--tensorboard",
      description = "Write event files for TensorBoard into the run's folder.")
  private boolean tensorBoard;

  private RunData images; // once they were opened

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (scaling.areGiven()) {
      return simulate();
    }
    if (profile != null && profile < 1) {
      throw new ParameterException(
          spec.commandLine(), "--profile must be at least 1, not " + profile);
    }
    if (workers.areSeveral()) {
      return share();
    }
    RunPlan plan =
        new RunPlan(
            Recipe.quick(),
            SettingFlags.given(spec),
            this::load,
            device.cudaLibraries(),
            tune,
            checkpoints.policy(),
            this::report,
            Setting::flagName);
    try (TrainingRun run = open(plan);
        Interruption interruption = new Interruption(run::stop)) {
      // Nothing is refused any more: until here a refusal is the only line.
      data.warnOfSample(err());
      try {
        train(run, interruption);
      } catch (DivergedException e) {
        report(run);
        throw e;
      }
      report(run);
    }
    data.warnOfSample(err());
    return ExitCode.DONE;
  }

  /** Computes what several workers would make of it. */
  private int simulate() {
    scaling.link(); // refuses it before anything is measured
    Map<String, String> given = SettingFlags.given(spec);
    Recipe recipe =
        Settings.recipe(
            Recipe.quick(), given, DataOptions.traits(given, err()), StartingWeights.NONE);
    try (Backend backend = device.open()) {
      report(backend.description());
      scaling.print(
          ScalingMeasurement.of(recipe, backend),
          StepBenchmark.imagesOfStep(recipe),
          spec.commandLine().getOut());
    }
    return ExitCode.DONE;
  }

  /** Trains with several workers. */
  private int share() throws IOException, InterruptedException {
    if (tune || tensorBoard) {
      throw new ParameterException(
          spec.commandLine(),
          "--workers: leave out --tune and --tensorboard, which are for one process");
    }
    boolean resumes = checkpoints.resume() != null;
    if (resumes && out != null) {
      throw new ParameterException(
          spec.commandLine(), "--resume goes on in the run's folder: leave out --out");
    }
    Recipe shown = Workers.recipe(SettingFlags.given(spec), checkpoints.resume());
    Workers module = workers.find();
    StopSignal signal = new StopSignal();
    signal.install();
    Path folder =
        resumes ? checkpoints.resume() : out != null ? out : RunFolders.newIn(Path.of("runs"));
    try (TrainingProgress progress = new TrainingProgress(err(), shown.training().epochs())) {
      module.train(
          new Workers.Plan(
              workers.workers(),
              workers.attempts(),
              workers.network(),
              SettingFlags.given(spec),
              folder,
              resumes,
              device.cudaLibraries(),
              checkpoints.policy(),
              profile == null ? 0 : profile,
              lines -> {
                progress.pause();
                print(lines);
              },
              this::report,
              TrainingListener.all(progress, printing(shown)),
              signal::happened));
    }
    if (signal.happened()) {
      report(
          "stopped; go on with: ./vgg train --resume %s --workers %d"
              .formatted(folder, workers.workers()));
    }
    report(folder);
    return signal.code();
  }

  private RunData load(DataRequest request) {
    images = data.load(request, err());
    return images;
  }

  private TrainingRun open(RunPlan plan) throws IOException {
    if (checkpoints.resume() == null) {
      return out == null
          ? TrainingRun.createIn(plan, Path.of("runs"))
          : TrainingRun.create(plan, out);
    }
    if (out != null || tune) {
      throw new ParameterException(
          spec.commandLine(),
          "--resume goes on in the run's folder and variant: leave out --out and --tune");
    }
    return TrainingRun.resume(checkpoints.resume(), plan);
  }

  private void train(TrainingRun run, Interruption interruption) throws IOException {
    String goOn = "go on with: ./vgg train --resume " + run.folder() + device.cudaLibraryFlags();
    try (TrainingProgress progress = new TrainingProgress(err(), run.recipe().training().epochs());
        TensorBoardLog events =
            tensorBoard ? new TensorBoardLog(run.folder(), () -> images, this::report) : null) {
      if (profile != null) {
        run.profile(
            profile,
            steps -> {
              progress.pause();
              ProfileTable.lines(steps).forEach(this::print);
            });
      }
      TrainingListener shown = TrainingListener.all(progress, printing(run.recipe()));
      TrainingListener listener = events == null ? shown : TrainingListener.all(shown, events);
      EpochMetrics last = run.fit(listener);
      if (interruption.happened()) {
        report(
            last == null
                ? "stopped before the first epoch was finished; there is no model"
                : "stopped; " + run.model() + " is the model after epoch " + last.epoch());
        report(goOn);
      }
    } catch (DeviceLostException e) {
      report(goOn);
      throw e;
    }
  }

  /** Ends a run, whose engine's memory is then free, with its report; a failure is only told. */
  private void report(TrainingRun run) {
    run.close();
    report(run.folder());
  }

  private void report(Path folder) {
    try {
      RunRecord record = RunRecord.read(folder);
      Path file = folder.resolve(RunReport.FILE);
      boolean isOld = images == null && Files.exists(file); // there was nothing to go on with
      if (noReport || record.epochs().isEmpty() || isOld) {
        return;
      }
      ReportMaker maker = new ReportMaker(record, record.engine(device.cudaLibraries()), err());
      if (images == null) {
        maker.write(file);
      } else {
        maker.write(images, file);
      }
      report("report: " + file);
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      report("no report (" + Failures.reason(e) + "); the run is whole");
    }
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }

  private void print(String text) {
    spec.commandLine().getOut().println(text);
    spec.commandLine().getOut().flush();
  }

  private synchronized void report(String line) {
    err().println(line);
    err().flush();
  }

  private TrainingListener printing(Recipe recipe) {
    PrintWriter stdout = spec.commandLine().getOut();
    String weights = recipe.training().updates().averages() ? ", of averaged weights" : "";
    return new TrainingListener() {
      @Override
      public void epochFinished(EpochMetrics metrics) {
        stdout.println(metrics.line() + weights);
        stdout.flush();
      }
    };
  }
}
