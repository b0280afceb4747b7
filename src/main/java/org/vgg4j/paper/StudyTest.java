package org.vgg4j.paper;

import java.util.List;
import java.util.stream.Stream;

/**
 * A trained net tested in one way at one size.
 *
 * @param run what was trained
 * @param way dense or crops; both together are computed from these
 * @param size Q, in pixels
 */
record StudyTest(StudyRun run, TestWay way, int size) {
  /** Returns the name of the file with its posteriors. */
  String file(TrainScales scales) {
    String how = way == TestWay.DENSE ? "dense" : "crops";
    return "%s-%s-%d.safetensors".formatted(run.folder(scales), how, size);
  }

  /** Returns the tests of a run that the tables are made from. */
  static List<StudyTest> of(StudyRun run, TrainScales scales) {
    Stream<StudyTest> dense =
        Stream.concat(
                Stream.of(scales.tested(run.scale())), scales.testedTogether(run.scale()).stream())
            .distinct()
            .map(size -> new StudyTest(run, TestWay.DENSE, size));
    Stream<StudyTest> crops =
        isCropped(run)
            ? scales.testedTogether(run.scale()).stream()
                .map(size -> new StudyTest(run, TestWay.CROPS, size))
            : Stream.of();
    return Stream.concat(dense, crops).toList();
  }

  /** The paper tested the crops of its two best nets: D and E, trained with jitter. */
  static boolean isCropped(StudyRun run) {
    return run.net().compareTo(PaperNet.D) >= 0 && run.scale() == TrainScale.JITTERED;
  }
}
