package org.vgg4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.train.DivergedException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

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
    if (e instanceof InvalidInputException
        || e instanceof DeviceUnavailableException
        || e instanceof OutOfDeviceMemoryException) {
      say(line, e.getMessage());
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
    if (e instanceof DivergedException) {
      say(line, e.getMessage());
      return ExitCode.DIVERGED;
    }
    say(line, "a defect in vgg4j, please report it with what stands below");
    e.printStackTrace(line.getErr());
    return ExitCode.CHECK_FAILED;
  }

  private static void say(CommandLine line, String message) {
    say(line, "vgg: ", message);
  }

  private static void say(CommandLine line, String prefix, String message) {
    line.getErr().println(prefix + message.replaceAll("\\R", " "));
    line.getErr().flush();
  }
}
