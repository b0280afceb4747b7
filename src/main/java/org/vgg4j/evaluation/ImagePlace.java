package org.vgg4j.evaluation;

/**
 * Where the images of a data set lie.
 *
 * @param bytes what they take of the engine's memory, with labels and order; 0 on the host
 * @param reason why they are on the host, null when they are not
 */
public record ImagePlace(long bytes, String reason) {
  /** Returns whether they lie in the engine's memory. */
  public boolean isOnDevice() {
    return reason == null;
  }
}
