package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.vgg4j.backend.Backends;
import org.vgg4j.gradcheck.GradientReport;
import org.vgg4j.gradcheck.ReportTable;
import org.vgg4j.gradcheck.StandardCheck;
import org.vgg4j.gradcheck.StandardChecks;
import org.vgg4j.tensor.Backend;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./vgg gradcheck}. */
@Command(
    name = "gradcheck",
    description =
        "Checks the gradients of every layer and of small VGGs against central differences.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class GradcheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Draws inputs, parameters and masks (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Override
  public Integer call() {
    try (Backend backend = Backends.open("reference").backend()) {
      return run(StandardChecks.all(), backend, seed, spec.commandLine().getOut());
    }
  }

  /** Runs checks, printing each as it is done, and returns the exit code. */
  static int run(List<StandardCheck> checks, Backend backend, long seed, PrintWriter out) {
    long begin = System.nanoTime();
    int failed = 0;
    long elements = 0;
    long kinks = 0;
    out.println(ReportTable.header());
    for (StandardCheck check : checks) {
      GradientReport report = check.run(backend, seed);
      ReportTable.rows(report).forEach(out::println);
      if (out.checkError()) {
        return ExitCode.PIPE_CLOSED; // nobody sees the others
      }
      failed += report.passed() ? 0 : 1;
      elements += report.checked();
      kinks += report.kinks();
    }
    out.printf(
        Locale.ROOT,
        "%d checks, %d failed; %d elements, %d kinks; seed %d, %.1f s%n",
        checks.size(),
        failed,
        elements,
        kinks,
        seed,
        (System.nanoTime() - begin) / 1e9);
    out.flush();
    return failed == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }
}
