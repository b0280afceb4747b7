package org.vgg4j.data.sets;

import java.util.List;
import org.vgg4j.data.ImageSource;

/**
 * A data set that was found. Its images are opened when they are asked for, which for pictures may
 * take long.
 */
public interface DataSet {
  /** Returns what {@code config.json} calls it. */
  String name();

  /** Returns the names of the classes; label i is the i-th. */
  List<String> classNames();

  /** Returns the channels of a net for these images: 1 or 3. */
  int channels();

  /**
   * Returns whether these are picture files, of any size and proportions; else the images have one
   * shape.
   */
  default boolean hasPictures() {
    return false;
  }

  /** Returns whether this is the sample, whose figures must not be mistaken for the whole set's. */
  default boolean isSample() {
    return false;
  }

  /**
   * The images of a training.
   *
   * @param train those to train on
   * @param test those to test on after each epoch
   */
  record Parts(ImageSource train, ImageSource test) {}

  /**
   * Opens the images to train on and those to test on.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when one of them is missing or damaged
   */
  Parts parts();

  /**
   * Opens the images to measure a trained net on, and no others.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when they are missing or damaged
   */
  ImageSource test();
}
