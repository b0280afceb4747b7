package org.vgg4j.io;

import java.io.IOException;

/**
 * Thrown when the system could not confirm that written data are on disk. The same file must not be
 * forced again: the system may have dropped the data and would then confirm them.
 */
public final class ForceFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  ForceFailedException(String message, IOException cause) {
    super(message, cause);
  }
}
