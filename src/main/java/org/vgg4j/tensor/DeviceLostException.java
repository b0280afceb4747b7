package org.vgg4j.tensor;

/**
 * The device no longer works in this process: nothing on it can be read or freed any more, and only
 * a new process can use it again. The command line exits with 4.
 */
public final class DeviceLostException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception; the message says which call found out and what to do. */
  public DeviceLostException(String message) {
    super(message);
  }
}
