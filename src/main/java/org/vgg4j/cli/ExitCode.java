package org.vgg4j.cli;

/** The exit codes of every command; the README documents them. */
final class ExitCode {
  static final int DONE = 0;
  static final int CHECK_FAILED = 1;
  static final int BAD_INPUT = 2;
  static final int DIVERGED = 3;
  static final int DEVICE_LOST = 4;

  /** Every attempt of a training with several workers failed. */
  static final int WORKERS_FAILED = 5;

  /** 128 and the number of SIGPIPE: stopped because its results are not read any more. */
  static final int PIPE_CLOSED = 141;

  private ExitCode() {}
}
