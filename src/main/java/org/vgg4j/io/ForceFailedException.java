package org.vgg4j.io;

import java.io.IOException;

/**
 * The system could not confirm that what was written is on the disk. The same file must not be
 * forced again: the system may have dropped what it could not write and then confirm it.
 */
public final class ForceFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  ForceFailedException(String message, IOException cause) {
    super(message, cause);
  }
}
