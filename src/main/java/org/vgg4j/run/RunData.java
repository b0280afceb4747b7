package org.vgg4j.run;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The images of a run: Fashion-MNIST's or a program's own.
 *
 * @param name what {@code config.json} calls them
 * @param train the images to train on
 * @param test the images to test on after each epoch
 */
public record RunData(String name, ImageSource train, ImageSource test) {
  /** Returns the images of Fashion-MNIST or of its sample. */
  public static RunData of(FashionMnist set) {
    String name = set.isSample() ? FashionMnist.SAMPLE : FashionMnist.WHOLE;
    return new RunData(name, set.train(), set.test());
  }

  private static boolean isFashionMnist(String name) {
    return name.equals(FashionMnist.SAMPLE) || name.equals(FashionMnist.WHOLE);
  }

  /** Returns what finds these images again, null for a search. */
  String from() {
    return isFashionMnist(name) ? null : name;
  }

  /**
   * Returns which images the setting {@code data} asks for: a name, or a folder as an absolute
   * path; null when it is not given.
   */
  public static String from(Map<String, ?> settings) {
    String data = DataSettings.DATA.find(settings);
    return data == null || isFashionMnist(data) ? data : Path.of(data).toAbsolutePath().toString();
  }

  /**
   * Returns as many of the images as the settings {@code trainImages} and {@code testImages} say.
   *
   * @throws InvalidInputException when that is less than one image
   */
  public RunData limited(Map<String, ?> settings) {
    return new RunData(
        name,
        limited(train, DataSettings.TRAIN_IMAGES, settings),
        limited(test, DataSettings.TEST_IMAGES, settings));
  }

  private static ImageSource limited(
      ImageSource images, Setting<?, Integer> setting, Map<String, ?> settings) {
    Integer limit = setting.find(settings);
    if (limit == null) {
      return images;
    }
    InvalidInputException.requireAtLeast(1, setting.key(), limit);
    return images.limit(limit);
  }
}
