package org.vgg4j.paper;

/** The three ways in which the paper chose the size S that training pictures are resized to. */
enum TrainScale {
  /** S = 256. */
  SMALL,
  /** S = 384, going on from the weights of S = 256 at a tenth of the learning rate. */
  LARGE,
  /** S drawn for each picture between 256 and 512, going on from the weights of S = 384. */
  JITTERED;

  /** Returns the scale whose weights this one goes on from, null for the first. */
  TrainScale before() {
    return switch (this) {
      case SMALL -> null;
      case LARGE -> SMALL;
      case JITTERED -> LARGE;
    };
  }
}
