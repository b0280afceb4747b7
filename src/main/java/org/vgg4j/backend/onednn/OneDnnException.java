package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.EngineException;

/** A oneDNN call failed; the message names the call, the status and the shapes. */
public final class OneDnnException extends EngineException {
  private static final long serialVersionUID = 1L;

  OneDnnException(String message) {
    super(message);
  }

  OneDnnException(String message, Throwable cause) {
    super(message, cause);
  }
}
