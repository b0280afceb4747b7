package org.vgg4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.vgg4j.run.WorkersFailedException;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.train.DivergedException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** Failures as one line on stderr and an exit code. */
final class Failures {
  private Failures() {}

  /** Says what is wrong with the arguments. */
  static int badUsage(ParameterException e, String[] arguments) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    String message = e.getMessage().lines().findFirst().orElse("bad usage");
    say(e.getCommandLine(), command + ": ", message + "; see ./" + command + " --help");
    return ExitCode.BAD_INPUT;
  }

  /** Says what went wrong while a command ran. */
  static int failed(Exception e, CommandLine line, ParseResult result) {
    CommandSpec command = line.getCommandSpec();
    if (e instanceof InvalidInputException input) {
      String field = input.field();
      String message = e.getMessage();
      say(
          line,
          field == null
              ? message
              : SettingFlags.name(command, field) + message.substring(field.length()));
      return ExitCode.BAD_INPUT;
    }
    if (e instanceof InvalidPathException path) {
      say(line, unusable(path));
      return ExitCode.BAD_INPUT;
    }
    if (e instanceof DeviceUnavailableException unavailable) {
      String other = unavailable.device().equals("cuda") ? "cpu" : "reference";
      say(
          line,
          "--device %s: %s; or use --device %s"
              .formatted(unavailable.device(), withFlags(e.getMessage()), other));
      return ExitCode.BAD_INPUT;
    }
    if (e instanceof OutOfDeviceMemoryException) {
      say(line, e.getMessage() + "; use a smaller --batch-size, --width or --image-size");
      return ExitCode.BAD_INPUT;
    }
    if (e instanceof IOException || e instanceof UncheckedIOException) {
      Throwable cause = e instanceof UncheckedIOException ? e.getCause() : e;
      say(line, cause.getMessage() == null ? cause.toString() : cause.getMessage());
      return ExitCode.BAD_INPUT;
    }
    if (e instanceof DeviceLostException) {
      say(line, e.getMessage());
      return ExitCode.DEVICE_LOST;
    }
    if (e instanceof WorkersFailedException) {
      say(line, e.getMessage());
      return ExitCode.WORKERS_FAILED;
    }
    if (e instanceof DivergedException) {
      say(line, e.getMessage() + "; try a smaller --lr");
      return ExitCode.DIVERGED;
    }
    say(line, "a defect in vgg4j, please report it with what stands below");
    e.printStackTrace(line.getErr());
    return ExitCode.CHECK_FAILED;
  }

  /** Reads a file's name; picocli would keep back why it is none. */
  static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(unusable(e));
    }
  }

  private static String unusable(InvalidPathException e) {
    boolean isLocale = e.getReason().contains("unmappable");
    return "'%s' cannot name a file here (%s)%s"
        .formatted(
            e.getInput(),
            isLocale ? "the locale has other characters only" : e.getReason(),
            isLocale ? "; set LC_ALL=C.UTF-8" : "");
  }

  /** Returns what is wrong with a device, null for nothing, with the flag of what it names. */
  static String withFlags(String problem) {
    return problem == null ? null : problem.replace("cudaLibraries", "--cuda-libs");
  }

  /** Returns what went wrong, in a line. */
  static String reason(Throwable e) {
    String message = e.getMessage() == null ? e.toString() : e.getMessage();
    return plain(message);
  }

  private static String plain(String message) {
    return message.replaceAll("\\R", " ").replaceAll("\\p{Cc}", "?");
  }

  private static void say(CommandLine line, String message) {
    say(line, "vgg: ", message);
  }

  private static void say(CommandLine line, String prefix, String message) {
    line.getErr().println(prefix + plain(message));
    line.getErr().flush();
  }
}
