package org.vgg4j.run;

import org.vgg4j.data.FashionMnist;
import org.vgg4j.data.ImageSource;

/**
 * What a run trains and tests on.
 *
 * @param set the data set as it was found
 * @param train its training images, as many as the run takes
 * @param test its test images, as many as the run takes
 */
public record TrainingData(FashionMnist set, ImageSource train, ImageSource test) {
  /** Returns the name by which the set is asked for. */
  String name() {
    return set.isSample() ? FashionMnist.SAMPLE : FashionMnist.WHOLE;
  }
}
