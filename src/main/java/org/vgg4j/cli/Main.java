package org.vgg4j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The entry point: {@code ./vgg COMMAND}. */
@Command(
    name = "vgg",
    description = "Trains and runs VGG networks.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    usageHelpAutoWidth = true)
public final class Main implements Runnable {
  private static final List<Class<?>> COMMANDS =
      List.of(
          TrainCommand.class,
          EvaluateCommand.class,
          PredictCommand.class,
          FeaturesCommand.class,
          PaperCommand.class,
          SummaryCommand.class,
          PreviewCommand.class,
          ReportCommand.class,
          GradcheckCommand.class,
          DoctorCommand.class,
          BenchmarkCommand.class,
          BundleCommand.class,
          CacheCommand.class);

  @Spec private CommandSpec spec;

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    Logging.configure();
    NativeFolder.configure();
    System.exit(run(arguments));
  }

  /** Runs a command and returns its exit code. */
  static int run(String... arguments) {
    return run(
        ResultStream.ofStdout(),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        arguments);
  }

  /** Runs a command; results that cannot be written are an error. */
  static int run(ResultStream results, PrintWriter err, String... arguments) {
    PrintWriter writer = new PrintWriter(results, true, StandardCharsets.UTF_8);
    int code = run(writer, err, arguments);
    writer.flush();
    return results.exitCode(code, err);
  }

  /** Runs a command that writes results to {@code out} and all else to {@code err}. */
  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine line = line(arguments.length == 0 ? "" : arguments[0]);
    line.registerConverter(Path.class, Failures::path);
    line.setOut(out);
    line.setErr(err);
    line.setParameterExceptionHandler(Failures::badUsage);
    line.setExecutionExceptionHandler(Failures::failed);
    try {
      return line.execute(arguments);
    } catch (OutOfMemoryError e) {
      err.println(
          "vgg: the Java heap is too small ("
              + e.getMessage()
              + "); use a smaller --batch-size or --image-size, or VGG4J_JAVA_OPTS=-Xmx16g");
      err.flush();
      return ExitCode.BAD_INPUT;
    }
  }

  /** Returns the command line with one command, or with all where there is none of that name. */
  static CommandLine line(String asked) {
    CommandLine line = new CommandLine(new Main());
    commands(asked).forEach(line::addSubcommand);
    return line;
  }

  /**
   * Returns the command of a name, or all, of which the help and the message about an unknown one
   * tell. To describe one takes time.
   */
  private static List<Class<?>> commands(String asked) {
    List<Class<?>> named =
        COMMANDS.stream()
            .filter(command -> command.getAnnotation(Command.class).name().equals(asked))
            .toList();
    return named.isEmpty() ? COMMANDS : named;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
