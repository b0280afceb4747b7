package org.vgg4j.tensor;

/**
 * A call of a native library failed. The message names the call, its status and the shapes, and the
 * layer of the net where it was seen.
 */
public abstract class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private String layer; // null outside a net

  protected EngineException(String message) {
    super(message);
  }

  protected EngineException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Says where in a net the failure was seen, such as {@code forward of features.0}; the first call
   * counts. An engine that works while the host goes on may have failed in a layer before.
   */
  public final void seenIn(String place) {
    if (layer == null) {
      layer = place;
    }
  }

  @Override
  public final String getMessage() {
    return layer == null ? super.getMessage() : super.getMessage() + ", seen in the " + layer;
  }
}
