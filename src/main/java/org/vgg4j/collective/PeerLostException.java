package org.vgg4j.collective;

/**
 * Another rank of a training is gone or does not answer. What was being summed is lost; the ranks
 * that are left can only go back to a checkpoint with a new {@link Collective}.
 */
public final class PeerLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception; the message names the ranks as far as they are known. */
  public PeerLostException(String message) {
    super(message);
  }

  /** Creates the exception with what a library said. */
  public PeerLostException(String message, Throwable cause) {
    super(message, cause);
  }
}
