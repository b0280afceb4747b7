package org.vgg4j.paper;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What a study's seeds allow to conclude about the paper's findings: for each, the difference of
 * top-1 errors seed by seed, and whether the interval of 95 % for its mean leaves 0 out (Student's
 * t over the seeds). The test pictures are the same for all seeds, so nothing is said of others.
 */
final class Conclusions {
  private final StudyResults results;
  private final List<String> lines = new ArrayList<>();

  private Conclusions(StudyResults results) {
    this.results = results;
  }

  /** Returns a line for each of the paper's comparisons that the study has the nets for. */
  static List<String> of(StudyResults results) {
    Conclusions all = new Conclusions(results);
    all.collect();
    return all.lines;
  }

  private void collect() {
    TrainScale small = TrainScale.SMALL;
    nets(PaperNet.A_LRN, PaperNet.A, small, "Local response normalization (A-LRN against A)");
    nets(PaperNet.B, PaperNet.A, small, "Depth, 11 to 13 layers (B against A)");
    nets(PaperNet.D, PaperNet.B, small, "Depth, 13 to 16 layers (D against B)");
    nets(PaperNet.E, PaperNet.D, small, "Depth, 16 to 19 layers (E against D)");
    nets(PaperNet.C, PaperNet.B, small, "Three 1x1 convolutions more (C against B)");
    nets(PaperNet.D, PaperNet.C, small, "3x3 instead of 1x1 convolutions (D against C)");
    for (PaperNet net : List.of(PaperNet.C, PaperNet.D, PaperNet.E)) {
      if (has(net)) {
        add(
            "Scale jitter in the training of " + net.text(),
            single(net, TrainScale.JITTERED),
            single(net, TrainScale.LARGE),
            PaperFigures.single(net, TrainScale.JITTERED),
            PaperFigures.single(net, TrainScale.LARGE));
      }
    }
    for (PaperNet net : List.of(PaperNet.D, PaperNet.E)) {
      if (has(net)) {
        TrainScale jittered = TrainScale.JITTERED;
        add(
            "Several test scales for " + net.text() + " with jitter",
            way(net, TestWay.DENSE),
            single(net, jittered),
            PaperFigures.several(net, jittered),
            PaperFigures.single(net, jittered));
        ways(net, TestWay.CROPS, TestWay.DENSE, "Crops against dense for ");
        ways(net, TestWay.BOTH, TestWay.DENSE, "Crops and dense against dense for ");
      }
    }
  }

  private boolean has(PaperNet net) {
    return results.options().nets().contains(net);
  }

  private void nets(PaperNet one, PaperNet other, TrainScale scale, String what) {
    if (has(one) && has(other)) {
      add(
          what,
          single(one, scale),
          single(other, scale),
          PaperFigures.single(one, scale),
          PaperFigures.single(other, scale));
    }
  }

  private void ways(PaperNet net, TestWay one, TestWay other, String what) {
    add(
        what + net.text(),
        way(net, one),
        way(net, other),
        PaperFigures.way(net, one),
        PaperFigures.way(net, other));
  }

  private List<Errors> single(PaperNet net, TrainScale scale) {
    List<Integer> size = List.of(results.options().scales().tested(scale));
    return results.errors(net, scale, TestWay.DENSE, size);
  }

  private List<Errors> way(PaperNet net, TestWay way) {
    TrainScale jittered = TrainScale.JITTERED;
    List<Integer> sizes = results.options().scales().testedTogether(jittered);
    return results.errors(net, jittered, way, sizes);
  }

  private void add(
      String what, List<Errors> one, List<Errors> other, Errors paperOne, Errors paperOther) {
    lines.add(
        "%s: %s %s"
            .formatted(
                what,
                verdict(
                    Spread.of(
                        IntStream.range(0, one.size())
                            .mapToObj(i -> one.get(i).top1() - other.get(i).top1())
                            .toList())),
                papers(paperOne.top1() - paperOther.top1())));
  }

  /** Returns what a mean difference of errors, in points, says. */
  static String verdict(Spread difference) {
    if (difference.count() < 2) {
      return String.format(
          Locale.ROOT,
          "%+.2f points with one seed, from which nothing follows.",
          difference.mean());
    }
    String interval =
        String.format(
            Locale.ROOT,
            "%+.2f points, between %+.2f and %+.2f (95 %%, %d seeds)",
            difference.mean(),
            difference.mean() - difference.halfWidth(),
            difference.mean() + difference.halfWidth(),
            difference.count());
    if (!difference.isClear()) {
      return interval + ": these seeds do not tell them apart.";
    }
    return interval + (difference.mean() < 0 ? ": fewer errors." : ": more errors.");
  }

  private static String papers(double difference) {
    return String.format(Locale.ROOT, "In the paper %+.1f.", difference);
  }
}
