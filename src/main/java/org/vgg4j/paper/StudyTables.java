package org.vgg4j.paper;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vgg4j.paper.StudyResults.Trained;

/**
 * The tables of a study, shaped as the paper's, with the paper's own errors beside them: of its
 * nets on ImageNet, which a study of other images and sizes is no repetition of.
 *
 * <p>Source: Simonyan and Zisserman (2015), tables 3 to 6.
 */
final class StudyTables {
  private static final String NONE = "-";
  private static final List<String> ERRORS =
      List.of("top-1 error, %", "top-5 error, %", "the paper's top-1", "the paper's top-5");

  private final StudyResults results;
  private final StudyOptions options;
  private final TrainScales scales;

  StudyTables(StudyResults results) {
    this.results = results;
    options = results.options();
    scales = options.scales();
  }

  /** Returns the paper's tables 3 to 6, without those that the nets leave empty. */
  List<StudyTable> all() {
    return Stream.of(single(), several(), ways(), fused())
        .filter(table -> !table.rows().isEmpty())
        .toList();
  }

  private StudyTable single() {
    List<List<String>> rows = new ArrayList<>();
    for (Trained trained : trained()) {
      List<Integer> size = List.of(scales.tested(trained.scale()));
      rows.add(
          row(
              results.errors(trained.net(), trained.scale(), TestWay.DENSE, size),
              PaperFigures.single(trained.net(), trained.scale()),
              trained.net().text(),
              scales.text(trained.scale()),
              text(size)));
    }
    return new StudyTable(
        "One test scale (the paper's table 3)", header("net", "train S", "test Q"), rows);
  }

  private StudyTable several() {
    List<List<String>> rows = new ArrayList<>();
    for (Trained trained : trained()) {
      List<Integer> sizes = scales.testedTogether(trained.scale());
      rows.add(
          row(
              results.errors(trained.net(), trained.scale(), TestWay.DENSE, sizes),
              PaperFigures.several(trained.net(), trained.scale()),
              trained.net().text(),
              scales.text(trained.scale()),
              text(sizes)));
    }
    return new StudyTable(
        "Several test scales (the paper's table 4)", header("net", "train S", "test Q"), rows);
  }

  private StudyTable ways() {
    List<List<String>> rows = new ArrayList<>();
    for (Trained trained : cropped()) {
      for (TestWay way : TestWay.values()) {
        rows.add(
            row(
                results.errors(
                    trained.net(), trained.scale(), way, scales.testedTogether(trained.scale())),
                PaperFigures.way(trained.net(), way),
                trained.net().text(),
                way.text()));
      }
    }
    return new StudyTable(
        "Ways to test, S = %s, Q = %s (the paper's table 5)"
            .formatted(
                scales.text(TrainScale.JITTERED), text(scales.testedTogether(TrainScale.JITTERED))),
        header("net", "way"),
        rows);
  }

  /** All nets that were trained at three scales; and D and E with jitter. */
  private StudyTable fused() {
    List<List<String>> rows = new ArrayList<>();
    List<Trained> deep =
        trained().stream().filter(trained -> trained.net().compareTo(PaperNet.C) >= 0).toList();
    if (deep.size() > 1) {
      List<Trained> submitted = deep.stream().filter(StudyTables::wasSubmitted).toList();
      rows.add(
          row(
              fused(submitted, TestWay.DENSE),
              options.nets().containsAll(List.of(PaperNet.C, PaperNet.D, PaperNet.E))
                  ? PaperFigures.SUBMISSION
                  : null,
              submitted.size() + " nets: " + names(submitted),
              TestWay.DENSE.text()));
    }
    if (cropped().size() > 1) {
      for (TestWay way : TestWay.values()) {
        rows.add(
            row(
                fused(cropped(), way),
                PaperFigures.fused(way),
                "2 nets: " + names(cropped()),
                way.text()));
      }
    }
    return new StudyTable(
        "Several nets together (the paper's table 6)", header("nets", "way"), rows);
  }

  /** The paper's submission had no net C with jitter, and no E with jitter. */
  private static boolean wasSubmitted(Trained trained) {
    return trained.scale() != TrainScale.JITTERED || trained.net() == PaperNet.D;
  }

  private List<Errors> fused(List<Trained> nets, TestWay way) {
    return results.errors(
        nets, way, nets.stream().map(net -> scales.testedTogether(net.scale())).toList());
  }

  private String names(List<Trained> nets) {
    return nets.stream()
        .map(trained -> trained.net().text() + "/" + scales.text(trained.scale()))
        .collect(Collectors.joining(", "));
  }

  private List<Trained> trained() {
    return options.nets().stream()
        .flatMap(net -> net.scales().stream().map(scale -> new Trained(net, scale)))
        .toList();
  }

  private List<Trained> cropped() {
    return trained().stream()
        .filter(trained -> StudyTest.isCropped(new StudyRun(trained.net(), trained.scale(), 1)))
        .toList();
  }

  private static List<String> header(String... first) {
    return Stream.concat(Stream.of(first), ERRORS.stream()).toList();
  }

  private static List<String> row(List<Errors> errors, Errors paper, String... first) {
    Stream<String> ours = Stream.of(text(errors, Errors::top1), text(errors, Errors::top5));
    Stream<String> theirs =
        paper == null
            ? Stream.of(NONE, NONE)
            : Stream.of(paper.top1(), paper.top5()).map(e -> String.format(Locale.ROOT, "%.1f", e));
    return Stream.of(Stream.of(first), ours, theirs).flatMap(part -> part).toList();
  }

  private static String text(List<Errors> errors, ToDoubleFunction<Errors> which) {
    return Spread.of(errors.stream().mapToDouble(which).boxed().toList()).text();
  }

  private static String text(List<Integer> sizes) {
    return sizes.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
