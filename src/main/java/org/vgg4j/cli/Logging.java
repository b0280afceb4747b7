package org.vgg4j.cli;

/** How the command line shows what the library logs: bare lines on stderr. */
final class Logging {
  private static final String PREFIX = "org.slf4j.simpleLogger.";

  private Logging() {}

  /** Configures slf4j-simple; before the first logger is made. */
  static void configure() {
    set("logFile", "System.err");
    set("showThreadName", "false");
    set("showLogName", "false");
    set("levelInBrackets", "true");
  }

  private static void set(String key, String value) {
    if (System.getProperty(PREFIX + key) == null) {
      System.setProperty(PREFIX + key, value);
    }
  }
}
