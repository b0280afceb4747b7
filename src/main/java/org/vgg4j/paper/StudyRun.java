package org.vgg4j.paper;

/**
 * One training of a study.
 *
 * @param net the net
 * @param scale how its pictures are resized
 * @param seed of all that it draws
 */
record StudyRun(PaperNet net, TrainScale scale, long seed) {
  /** Returns the name of its folder. */
  String folder(TrainScales scales) {
    return "%s-%s-seed%d".formatted(net.text(), scales.text(scale), seed);
  }

  /** Returns the run whose weights it goes on from or copies a part of, null where it draws all. */
  StudyRun before() {
    if (scale.before() != null) {
      return new StudyRun(net, scale.before(), seed);
    }
    return net.startsFromA() ? new StudyRun(PaperNet.A, TrainScale.SMALL, seed) : null;
  }

  /** Returns whether it goes on from all of another run's weights. */
  boolean goesOn() {
    return scale.before() != null;
  }
}
