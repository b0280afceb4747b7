package org.vgg4j.spark.gloo;

import org.vgg4j.tensor.InvalidInputException;

/**
 * Where the ranks of one attempt meet, as rank 0 tells it to the others.
 *
 * @param host of rank 0, as an address
 * @param port that rank 0 listens on
 * @param secret that only the ranks of this attempt know; whoever connects must prove it
 */
public record Meeting(String host, int port, String secret) {
  /** Returns the text that {@link #parse} reads. */
  public String text() {
    return secret + "@" + port + "@" + host;
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @throws InvalidInputException when it is something else
   */
  public static Meeting parse(String text) {
    String[] parts = text.split("@", 3);
    if (parts.length != 3 || !parts[1].matches("\\d{1,5}")) {
      throw new InvalidInputException("no meeting of ranks: " + text.length() + " characters");
    }
    return new Meeting(parts[2], Integer.parseInt(parts[1]), parts[0]);
  }

  /** Leaves out the secret. */
  @Override
  public String toString() {
    return host + ":" + port;
  }
}
