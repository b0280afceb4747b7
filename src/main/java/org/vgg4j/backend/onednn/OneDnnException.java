package org.vgg4j.backend.onednn;

/** A call of oneDNN failed; the message names the call, the status and the shapes. */
public final class OneDnnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OneDnnException(String message) {
    super(message);
  }

  OneDnnException(String message, Throwable cause) {
    super(message, cause);
  }
}
