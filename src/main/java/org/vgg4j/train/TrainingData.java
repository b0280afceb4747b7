package org.vgg4j.train;

import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.DataFeed;
import org.vgg4j.evaluation.DataOn;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Closing;

/** The two data sets of a training on their way to the net. */
final class TrainingData implements AutoCloseable {
  private final Closing closing = new Closing();
  private final DataFeed train;
  private final DataFeed test;

  /**
   * Brings both to where they are to lie; where there is room for one alone it is the first.
   *
   * @param augmentation how the training images are varied
   * @param room the most bytes of the engine's memory that both may take
   */
  TrainingData(
      Vgg vgg,
      Preprocessing preprocessing,
      Augmentation augmentation,
      ImageSource train,
      ImageSource test,
      DataOn where,
      long room) {
    try {
      this.train = closing.own(new DataFeed(vgg, preprocessing, augmentation, train, where, room));
      long left = room - this.train.place().bytes();
      this.test =
          closing.own(new DataFeed(vgg, preprocessing, Augmentation.NONE, test, where, left));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns whether these are the feeds of two data sets. */
  boolean isOf(ImageSource trained, ImageSource tested) {
    return train.data() == trained && test.data() == tested;
  }

  DataFeed train() {
    return train;
  }

  DataFeed test() {
    return test;
  }

  @Override
  public void close() {
    closing.close();
  }
}
