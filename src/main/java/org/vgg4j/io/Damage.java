package org.vgg4j.io;

import java.nio.file.Path;
import org.vgg4j.tensor.InvalidInputException;

/** The one-line messages about files that cannot be what they should be. */
final class Damage {
  private static final int MAX_TEXT = 200;

  private Damage() {}

  /** Says what is wrong with a file and what to do. */
  static InvalidInputException of(Path file, String what) {
    return new InvalidInputException(
        file + ": " + what + "; the file is damaged or no safetensors file: write or get it again");
  }

  /** A name from a file, in quotes. */
  static String quote(String name) {
    return "'" + line(name) + "'";
  }

  /** A text that may come from a file, as one short line without control characters. */
  static String line(String text) {
    String shortened = text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "...";
    return shortened.replaceAll("[\\p{Cntrl}\\p{Zl}\\p{Zp}]", "?");
  }
}
