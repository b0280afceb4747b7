package org.vgg4j.cli;

/** Whether a person is looking. */
final class Terminal {
  private Terminal() {}

  /** Returns whether stderr is a terminal, as the launcher found; no when it was not asked. */
  static boolean isInteractive() {
    return Boolean.getBoolean("vgg4j.terminal");
  }
}
