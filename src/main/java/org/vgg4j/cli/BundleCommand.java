package org.vgg4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.vgg4j.bundle.Bundle;
import org.vgg4j.bundle.Checkout;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./vgg bundle}. */
@Command(
    name = "bundle",
    description = {
      "Packs vgg4j and a Java runtime into one file for a Linux machine with a GPU that has neither"
          + " Java nor a network.",
      "There: tar xJf FILE, and vgg4j-*/vgg is this program."
    },
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class BundleCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The archive to make: its name ends with .tar.xz.")
  private Path out;

  @Option(names = "--with-cpu", description = "With the CPU engine, oneDNN, beside the GPU engine.")
  private boolean withCpu;

  @Option(
      names = "--with-tests",
      description =
          "With the tests of the GPU engine, which benchmarks/gpu/run.sh runs; those that compare"
              + " with the CPU engine need --with-cpu as well.")
  private boolean withTests;

  @Override
  public Integer call() throws IOException {
    Checkout checkout =
        Checkout.of(
            Path.of(System.getProperty("vgg4j.home", "")), System.getProperty("java.class.path"));
    Path jdk = Path.of(System.getProperty("java.home"));
    long bytes = new Bundle(checkout, jdk, withCpu, withTests).write(out, this::report);
    spec.commandLine()
        .getOut()
        .printf(Locale.ROOT, "%s: %.1f MiB%n", out, bytes / (double) (1 << 20));
    spec.commandLine().getOut().flush();
    return ExitCode.DONE;
  }

  private void report(String line) {
    spec.commandLine().getErr().println(line);
    spec.commandLine().getErr().flush();
  }
}
