package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.vgg4j.profile.ProfileTable;
import org.vgg4j.report.RunReport;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.RunRecord;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.run.TrainingRun;
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
  public Integer call() throws IOException {
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
    if (profile != null && profile < 1) {
      throw new ParameterException(
          spec.commandLine(), "--profile must be at least 1, not " + profile);
    }
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
              ProfileTable.lines(steps).forEach(spec.commandLine().getOut()::println);
              spec.commandLine().getOut().flush();
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
    try {
      RunRecord record = RunRecord.read(run.folder());
      Path file = run.folder().resolve(RunReport.FILE);
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
