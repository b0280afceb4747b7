package org.vgg4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Where results go: remembers the first failure, which a {@link PrintWriter} swallows. A command
 * goes on after it, since what it makes may be more than what it prints.
 */
final class ResultStream extends OutputStream {
  private final OutputStream to;
  private final boolean isPipe;
  private IOException failure; // null while all was written

  /**
   * Writes to a stream.
   *
   * @param isPipe whether a failure can only mean that the reader is gone
   */
  ResultStream(OutputStream to, boolean isPipe) {
    this.to = to;
    this.isPipe = isPipe;
  }

  /** Writes to stdout itself: {@code System.out} hides failures. */
  static ResultStream ofStdout() {
    return new ResultStream(new FileOutputStream(FileDescriptor.out), isStdoutAPipe());
  }

  private static boolean isStdoutAPipe() {
    try {
      String stdout = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return stdout.startsWith("pipe:") || stdout.startsWith("socket:");
    } catch (IOException | UnsupportedOperationException e) {
      return false; // another system
    }
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      to.write(bytes, offset, length);
    } catch (IOException e) {
      throw remembered(e);
    }
  }

  @Override
  public void flush() throws IOException {
    try {
      to.flush();
    } catch (IOException e) {
      throw remembered(e);
    }
  }

  private IOException remembered(IOException e) {
    if (failure == null) {
      failure = e;
    }
    return e;
  }

  /**
   * Says that results were lost, and returns the exit code then. A reader that went away, such as
   * {@code head}, had what it wanted.
   *
   * @param code what the command came to
   */
  int exitCode(int code, PrintWriter err) {
    if (failure == null || isReaderGone()) {
      return code;
    }
    err.println("vgg: the results cannot be written to stdout: " + failure.getMessage());
    err.flush();
    boolean isNoWorse = code == ExitCode.DONE || code == ExitCode.PIPE_CLOSED;
    return isNoWorse ? ExitCode.BAD_INPUT : code;
  }

  /** The system's message may be in any language. */
  private boolean isReaderGone() {
    return isPipe || String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
  }
}
