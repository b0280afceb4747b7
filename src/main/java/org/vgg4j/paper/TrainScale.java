package org.vgg4j.paper;

/** The three ways in which the paper chose the size S that training pictures are resized to. */
enum TrainScale {
  /** S = 256. */
  SMALL("256"),
  /** S = 384, going on from the weights of S = 256 at a tenth of the learning rate. */
  LARGE("384"),
  /** S drawn for each picture between 256 and 512, going on from the weights of S = 384. */
  JITTERED("[256;512]");

  private final String inPaper;

  TrainScale(String inPaper) {
    this.inPaper = inPaper;
  }

  /** Returns how the paper writes it. */
  String inPaper() {
    return inPaper;
  }

  /** Returns the scale whose weights this one goes on from, null for the first. */
  TrainScale before() {
    return this == SMALL ? null : values()[ordinal() - 1];
  }
}
