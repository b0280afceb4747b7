package org.vgg4j.model;

import org.vgg4j.tensor.InvalidInputException;

/**
 * What is known of a net whose file has no configuration and whose tensors' shapes do not say it.
 * Each may be null.
 *
 * @param layers its layers, as {@code VggLayer.parseList} reads them
 * @param imageSize height and width of its images
 */
public record ConfigHints(String layers, Integer imageSize) {
  /** Nothing is known. */
  public static final ConfigHints NONE = new ConfigHints(null, null);

  /** Checks the values. */
  public ConfigHints {
    if (imageSize != null) {
      InvalidInputException.requireAtLeast(1, "imageSize", imageSize);
    }
  }
}
