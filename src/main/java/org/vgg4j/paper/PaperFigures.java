package org.vgg4j.paper;

import java.util.Map;

/**
 * The paper's own errors on ImageNet (ILSVRC-2012, validation set), in percent: top-1 and top-5.
 *
 * <p>Source: Simonyan and Zisserman (2015), tables 3 to 6.
 */
final class PaperFigures {
  private static final TrainScale SMALL = TrainScale.SMALL;
  private static final TrainScale LARGE = TrainScale.LARGE;
  private static final TrainScale JITTERED = TrainScale.JITTERED;

  private static final Map<String, Errors> SINGLE =
      Map.ofEntries(
          entry(PaperNet.A, SMALL, 29.6, 10.4),
          entry(PaperNet.A_LRN, SMALL, 29.7, 10.5),
          entry(PaperNet.B, SMALL, 28.7, 9.9),
          entry(PaperNet.C, SMALL, 28.1, 9.4),
          entry(PaperNet.C, LARGE, 28.1, 9.3),
          entry(PaperNet.C, JITTERED, 27.3, 8.8),
          entry(PaperNet.D, SMALL, 27.0, 8.8),
          entry(PaperNet.D, LARGE, 26.8, 8.7),
          entry(PaperNet.D, JITTERED, 25.6, 8.1),
          entry(PaperNet.E, SMALL, 27.3, 9.0),
          entry(PaperNet.E, LARGE, 26.9, 8.7),
          entry(PaperNet.E, JITTERED, 25.5, 8.0));

  private static final Map<String, Errors> SEVERAL =
      Map.ofEntries(
          entry(PaperNet.B, SMALL, 28.2, 9.6),
          entry(PaperNet.C, SMALL, 27.7, 9.2),
          entry(PaperNet.C, LARGE, 27.8, 9.2),
          entry(PaperNet.C, JITTERED, 26.3, 8.2),
          entry(PaperNet.D, SMALL, 26.6, 8.6),
          entry(PaperNet.D, LARGE, 26.5, 8.6),
          entry(PaperNet.D, JITTERED, 24.8, 7.5),
          entry(PaperNet.E, SMALL, 26.9, 8.7),
          entry(PaperNet.E, LARGE, 26.7, 8.6),
          entry(PaperNet.E, JITTERED, 24.8, 7.5));

  private static final Map<String, Errors> WAYS =
      Map.of(
          PaperNet.D + " " + TestWay.DENSE, new Errors(24.8, 7.5),
          PaperNet.D + " " + TestWay.CROPS, new Errors(24.6, 7.5),
          PaperNet.D + " " + TestWay.BOTH, new Errors(24.4, 7.2),
          PaperNet.E + " " + TestWay.DENSE, new Errors(24.8, 7.5),
          PaperNet.E + " " + TestWay.CROPS, new Errors(24.6, 7.4),
          PaperNet.E + " " + TestWay.BOTH, new Errors(24.4, 7.1));

  /** Of D and E with jitter. */
  private static final Map<TestWay, Errors> FUSED =
      Map.of(
          TestWay.DENSE, new Errors(24.0, 7.1),
          TestWay.CROPS, new Errors(23.9, 7.2),
          TestWay.BOTH, new Errors(23.7, 6.8));

  /** Of the seven nets of the submission: C, D, E at their scales but C with jitter. */
  static final Errors SUBMISSION = new Errors(24.7, 7.5);

  private PaperFigures() {}

  private static Map.Entry<String, Errors> entry(
      PaperNet net, TrainScale scale, double top1, double top5) {
    return Map.entry(net + " " + scale, new Errors(top1, top5));
  }

  /** Returns those at one test scale (table 3). */
  static Errors single(PaperNet net, TrainScale scale) {
    return SINGLE.get(net + " " + scale);
  }

  /** Returns those at several test scales (table 4), null where the paper has none. */
  static Errors several(PaperNet net, TrainScale scale) {
    return SEVERAL.get(net + " " + scale);
  }

  /** Returns those of a way to test a net trained with jitter (table 5), null without. */
  static Errors way(PaperNet net, TestWay way) {
    return WAYS.get(net + " " + way);
  }

  /** Returns those of D and E together (table 6). */
  static Errors fused(TestWay way) {
    return FUSED.get(way);
  }
}
