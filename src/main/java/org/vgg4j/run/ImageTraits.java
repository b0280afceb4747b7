package org.vgg4j.run;

import org.vgg4j.data.ImageShape;
import org.vgg4j.data.sets.DataSet;

/**
 * What a net for some images depends on.
 *
 * @param classes how many they have
 * @param channels of a net for them; 0 where they do not say
 * @param pictures whether they are pictures of any proportions
 */
public record ImageTraits(int classes, int channels, boolean pictures) {
  /** Returns those of a data set that was found. */
  public static ImageTraits of(DataSet set) {
    return new ImageTraits(set.classNames().size(), set.channels(), set.hasPictures());
  }

  /** Returns those of a run's images. */
  public static ImageTraits of(RunData data) {
    ImageShape shape = data.train().commonShape();
    int channels = data.pictures() ? 3 : shape == null ? 0 : shape.channels();
    return new ImageTraits(data.train().classNames().size(), channels, data.pictures());
  }
}
