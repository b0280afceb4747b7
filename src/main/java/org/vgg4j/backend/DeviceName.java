package org.vgg4j.backend;

import org.vgg4j.tensor.InvalidInputException;

/**
 * A device as {@code --device} names it: cpu, cuda or cuda:1.
 *
 * @param engine the part before the colon
 * @param number which GPU, from 0
 */
record DeviceName(String engine, int number) {
  /**
   * Parses a name without checking that the engine exists.
   *
   * @throws InvalidInputException when the part after the colon is not a number, or the engine is
   *     not cuda
   */
  static DeviceName of(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return new DeviceName(text, 0);
    }
    String engine = text.substring(0, colon);
    String number = text.substring(colon + 1);
    if (!engine.equals("cuda")) {
      throw InvalidInputException.of("device", text + ": only cuda takes a number, as in cuda:1");
    }
    if (!number.matches("\\d{1,4}")) {
      throw InvalidInputException.of(
          "device", text + ": the number of a GPU must follow the colon, as in cuda:1");
    }
    return new DeviceName(engine, Integer.parseInt(number));
  }
}
