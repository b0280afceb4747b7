package org.vgg4j.cli;

/** Whether a person is looking. */
final class Terminal {
  private Terminal() {}

  /** Returns whether stderr is a terminal, as the launcher found; without it, whether there is a console. */
  static boolean isInteractive() {
    String told = System.getProperty("vgg4j.terminal");
    return told == null ? System.console() != null : Boolean.parseBoolean(told);
  }
}
