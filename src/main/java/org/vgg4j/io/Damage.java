package org.vgg4j.io;

import java.nio.file.Path;
import org.vgg4j.tensor.InvalidInputException;

/** One-line messages about damaged files. */
final class Damage {
  private static final int MAX_TEXT = 200;

  private Damage() {}

  /** Returns an exception that says what is wrong and what to do. */
  static InvalidInputException of(Path file, String what) {
    return new InvalidInputException(
        file + ": " + what + "; damaged or not a safetensors file: write or get it again");
  }

  /** Quotes a name from a file. */
  static String quote(String name) {
    return "'" + line(name) + "'";
  }

  /** Shortens a text from a file to one line without control characters. */
  static String line(String text) {
    String shortened = text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "...";
    return shortened.replaceAll("[\\p{Cntrl}\\p{Zl}\\p{Zp}]", "?");
  }
}
