package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.paper.PaperNet;
import org.vgg4j.paper.Study;
import org.vgg4j.paper.StudyEstimate;
import org.vgg4j.paper.StudyOptions;
import org.vgg4j.paper.StudyReport;
import org.vgg4j.paper.StudyResults;
import org.vgg4j.paper.TrainScales;
import org.vgg4j.run.CheckpointPolicy;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.NanPolicy;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./vgg paper}. */
@Command(
    name = "paper",
    description = {
      "Trains and tests the paper's six nets as the paper compares them, and prints its tables.",
      "Finished trainings and tests are used again: the same command goes on after an interruption."
    },
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class PaperCommand implements Callable<Integer> {
  private static final List<String> OWN = List.of("recipe", "arch", "layers", "scale", "seed");

  @Spec private CommandSpec spec;

  @Mixin
  final CommandSpec recipeFlags =
      SettingFlags.of(Settings.ofRecipe().stream().filter(s -> !OWN.contains(s.key())).toList());

  @Mixin
  final CommandSpec trainFlags = SettingFlags.of(Settings.of("trainImages", "dataOn", "memory"));

  @Mixin private DataOptions data;
  @Mixin private DeviceOptions device;

  @Option(
      names = "--nets",
      paramLabel = "LIST",
      defaultValue = "A,A-LRN,B,C,D,E",
      description =
          "The nets to compare; A is trained in any case where deeper ones begin with a part of it"
              + " (default: ${DEFAULT-VALUE}).")
  private String nets;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "How many seeds, from 1 on, each net is trained with (default: ${DEFAULT-VALUE}).")
  private int seeds;

  @Option(
      names = "--train-scales",
      paramLabel = "S,S,S..S",
      description =
          "The two fixed sizes and the range that training pictures are resized to (default:"
              + " 256,384,256..512 for 224 pixels, and in proportion).")
  private String trainScales;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "paper",
      description = "Folder of the trainings, tests and tables (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--dry-run",
      description =
          "Only print the trainings, their memory, and how long all will take, from a few steps of"
              + " each net.")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    Map<String, String> settings = SettingFlags.given(spec);
    Recipe paper = Settings.recipe(Recipe.of("paper"), settings);
    int side = paper.net().imageSize();
    StudyOptions options =
        new StudyOptions(
            PaperNet.parse(nets),
            trainScales == null ? TrainScales.of(side) : TrainScales.parse(trainScales, side),
            seeds,
            settings,
            out);
    RunPlan plan =
        new RunPlan(
            paper,
            Map.of(),
            request -> data.load(request, err()),
            device.cudaLibraries(),
            false,
            new CheckpointPolicy(CheckpointPolicy.DEFAULT.interval(), 1, NanPolicy.STOP),
            line -> {},
            Setting::flagName);
    Study study = new Study(options, plan);
    announce(options, plan, paper);
    if (!dryRun) {
      compare(study);
    }
    data.warnOfSample(err());
    return ExitCode.DONE;
  }

  /** Says what will be trained and tested, and how long that takes. */
  private void announce(StudyOptions options, RunPlan plan, Recipe paper) throws IOException {
    DataRequest request = DataRequest.of(options.settings(), paper.largest(), set -> {});
    RunData images = plan.data().apply(request).limited(options.settings());
    data.warnOfSample(err());
    StudyEstimate estimate = StudyEstimate.of(options, images, plan.cudaLibraries());
    if (dryRun) {
      PrintWriter table = spec.commandLine().getOut();
      table.println("| training | weights at first | memory | time |");
      table.println("|---|---|---|---|");
      for (StudyEstimate.Training training : estimate.trainings()) {
        table.printf(
            Locale.ROOT,
            "| %s | %s | %s | %s |%n",
            training.name(),
            training.from(),
            training.isFinished() ? "-" : Bytes.text(training.bytes()),
            training.isFinished() ? "finished" : Bar.duration(training.seconds()));
      }
      table.flush();
    }
    long left = estimate.trainings().stream().filter(training -> !training.isFinished()).count();
    err()
        .printf(
            "%d of %d trainings are left, each on %s images; tests on %s; about %s: %s of training"
                + " without its evaluations, %s of tests (from a few steps of each net)%n",
            left,
            estimate.trainings().size(),
            Bytes.count(images.train().size()),
            Bytes.count(images.test().size()),
            Bar.duration(estimate.trainSeconds() + estimate.testSeconds()),
            Bar.duration(estimate.trainSeconds()),
            Bar.duration(estimate.testSeconds()));
    err().flush();
  }

  private void compare(Study study) throws IOException {
    StudyResults results;
    try (Interruption interruption = new Interruption(study::stop);
        PaperProgress progress = new PaperProgress(err())) {
      results = study.run(progress);
      if (results == null || interruption.happened()) {
        err().println("stopped; the same command goes on from here");
        err().flush();
        return;
      }
    }
    StudyReport report = new StudyReport(results);
    report.markdown().forEach(spec.commandLine().getOut()::println);
    spec.commandLine().getOut().flush();
    report.write().forEach(file -> err().println("written: " + file));
    err().flush();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
