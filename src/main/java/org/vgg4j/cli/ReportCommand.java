package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.vgg4j.report.RunComparison;
import org.vgg4j.report.RunReport;
import org.vgg4j.run.RunRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg report RUN...}. */
@Command(
    name = "report",
    description =
        "Writes the report of a run again, as training does at its end: a page of one file. Of"
            + " several runs, a page that compares them.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class ReportCommand implements Callable<Integer> {
  private static final Path COMPARISON = Path.of("comparison.html");

  @Spec private CommandSpec spec;
  @Mixin private DeviceOptions device;

  @Parameters(paramLabel = "RUN", arity = "1..*", description = "The folder of a run.")
  private List<Path> runs;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "The page to write (default: report.html in the run's folder; comparison.html here for"
              + " several).")
  private Path out;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    List<RunRecord> records = runs.stream().map(RunRecord::read).toList();
    Path file;
    if (records.size() == 1) {
      RunRecord run = records.get(0);
      file = out == null ? run.folder().resolve(RunReport.FILE) : out;
      new ReportMaker(run, device.options(), err).write(file);
    } else {
      file = out == null ? COMPARISON : out;
      RunComparison.of(records).write(file);
    }
    spec.commandLine().getOut().println(file);
    spec.commandLine().getOut().flush();
    return ExitCode.DONE;
  }
}
