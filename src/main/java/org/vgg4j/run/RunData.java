package org.vgg4j.run;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.sets.DataSet;
import org.vgg4j.data.sets.DataSets;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The images of a run: those of a data set or a program's own.
 *
 * @param name what {@code config.json} calls them
 * @param train the images to train on
 * @param test the images to test on after each epoch
 * @param pictures whether they are pictures of any proportions, which a net that says nothing else
 *     takes by their middle; others are scaled to squares
 */
public record RunData(String name, ImageSource train, ImageSource test, boolean pictures) {
  /** Takes images of one shape, or that are to be scaled to squares. */
  public RunData(String name, ImageSource train, ImageSource test) {
    this(name, train, test, false);
  }

  /**
   * Opens the images of a data set.
   *
   * @throws InvalidInputException when some are missing or damaged, or they are not what was asked
   *     for
   */
  public static RunData of(DataSet set, DataRequest request) {
    request.check().accept(set);
    DataSet.Parts parts = set.parts();
    return new RunData(set.name(), parts.train(), parts.test(), set.hasPictures());
  }

  /** Returns what finds these images again, null for a search. */
  String from() {
    boolean isSearched = name.equals(FashionMnist.SAMPLE) || name.equals(FashionMnist.WHOLE);
    return isSearched ? null : name;
  }

  /**
   * Returns which images the setting {@code data} asks for: a name, or a folder as an absolute
   * path; null when it is not given.
   */
  public static String from(Map<String, ?> settings) {
    String data = DataSettings.DATA.find(settings);
    return data == null || DataSets.NAMES.contains(data)
        ? data
        : Path.of(data).toAbsolutePath().toString();
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
        limitedTest(test, settings),
        pictures);
  }

  /** Returns the images for a net of so many channels. */
  RunData forChannels(int channels) {
    return new RunData(name, train.forChannels(channels), test.forChannels(channels), pictures);
  }

  /** Returns as many of the images to test on as the setting {@code testImages} says. */
  public static ImageSource limitedTest(ImageSource test, Map<String, ?> settings) {
    return limited(test, DataSettings.TEST_IMAGES, settings);
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
