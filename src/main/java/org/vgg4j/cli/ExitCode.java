package org.vgg4j.cli;

/** The exit codes of every command; the README documents them. */
final class ExitCode {
  static final int DONE = 0;
  static final int CHECK_FAILED = 1;
  static final int BAD_INPUT = 2;
  static final int DIVERGED = 3;
  static final int DEVICE_LOST = 4;

  private ExitCode() {}
}
