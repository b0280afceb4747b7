package org.vgg4j.train;

import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.DataFeed;
import org.vgg4j.evaluation.DataOn;
import org.vgg4j.nn.Vgg;

/** Where a training's images lie, from one training to the next. */
final class PlacedData implements AutoCloseable {
  private final Vgg vgg;
  private final Preprocessing preprocessing;
  private final Augmentation augmentation;
  private final DataOn where;
  private final long room;
  private TrainingData data; // null before the first

  /** Places nothing yet; {@code room} is the most bytes of the engine's memory for it. */
  PlacedData(
      Vgg vgg, Preprocessing preprocessing, Augmentation augmentation, DataOn where, long room) {
    this.vgg = vgg;
    this.preprocessing = preprocessing;
    this.augmentation = augmentation;
    this.where = where;
    this.room = room;
  }

  /** Returns whether these images lie there. */
  boolean has(ImageSource train, ImageSource test) {
    return data != null && data.isOf(train, test);
  }

  /** Brings images to where they are to lie, in place of others. */
  void place(ImageSource train, ImageSource test, TrainingListener listener) {
    if (has(train, test)) {
      return;
    }
    close();
    data = new TrainingData(vgg, preprocessing, augmentation, train, test, where, room);
    listener.dataPlaced(data.train().place(), data.test().place());
  }

  DataFeed train() {
    return data.train();
  }

  DataFeed test() {
    return data.test();
  }

  @Override
  public void close() {
    if (data != null) {
      TrainingData last = data;
      data = null;
      last.close();
    }
  }
}
