package org.vgg4j.run;

/**
 * Every attempt of a training with several workers failed. The message says for each which rank,
 * where and why.
 */
public final class WorkersFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with its one-line message. */
  public WorkersFailedException(String message) {
    super(message);
  }
}
