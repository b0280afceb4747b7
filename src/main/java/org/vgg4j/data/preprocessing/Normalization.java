package org.vgg4j.data.preprocessing;

import java.util.Collections;
import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/** What is subtracted from the values of a net's images, and what they are then divided by. */
public enum Normalization {
  /** Nothing: values lie in [0, 1]. */
  NONE,
  /**
   * Values of 0 to 255 less the training images' mean of each channel: the paper's only
   * preprocessing.
   */
  MEAN,
  /** Each channel less the training images' mean, divided by their standard deviation. */
  STANDARD,
  /** ImageNet's mean and deviation, as torchvision's weights want them; for three channels. */
  IMAGENET;

  /** Returns whether it needs the statistics of the training images. */
  public boolean needsStatistics() {
    return this == MEAN || this == STANDARD;
  }

  /**
   * Returns a preprocessing that does this.
   *
   * @param statistics of the training images; null where they are not needed
   * @throws InvalidInputException when the net's channels are not three, for ImageNet's
   */
  public Preprocessing applied(Preprocessing how, ImageStatistics statistics) {
    return switch (this) {
      case NONE -> how;
      case MEAN ->
          how.withNormalization(statistics.mean(), Collections.nCopies(how.channels(), 1 / 255.0));
      case STANDARD ->
          // A channel without contrast stays as it is.
          how.withNormalization(
              statistics.mean(), statistics.deviation().stream().map(d -> d > 0 ? d : 1).toList());
      case IMAGENET -> {
        if (how.channels() != 3) {
          throw InvalidInputException.of(
              "normalize",
              "cannot be imagenet for a net of %d channels, only of 3".formatted(how.channels()));
        }
        Preprocessing torchvision = Preprocessing.torchvision(how.crop());
        yield how.withNormalization(torchvision.mean(), List.copyOf(torchvision.deviation()));
      }
    };
  }
}
