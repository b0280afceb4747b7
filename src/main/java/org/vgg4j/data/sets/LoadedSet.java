package org.vgg4j.data.sets;

import java.util.List;
import org.vgg4j.data.ImageSource;

/**
 * A data set in memory, of images of one shape.
 *
 * @param name what {@code config.json} calls it
 * @param train the images to train on
 * @param test those to test on
 * @param isSample whether it is the sample
 */
record LoadedSet(String name, ImageSource train, ImageSource test, boolean isSample)
    implements DataSet {
  static LoadedSet of(FashionMnist set) {
    String name = set.isSample() ? FashionMnist.SAMPLE : FashionMnist.WHOLE;
    return new LoadedSet(name, set.train(), set.test(), set.isSample());
  }

  @Override
  public List<String> classNames() {
    return train.classNames();
  }

  @Override
  public int channels() {
    return train.commonShape().channels();
  }

  @Override
  public Parts parts() {
    return new Parts(train, test);
  }
}
