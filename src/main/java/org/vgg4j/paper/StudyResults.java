package org.vgg4j.paper;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.vgg4j.evaluation.Posteriors;

/** The errors of a study's nets in each way to test them. */
public final class StudyResults {
  private final StudyOptions options;
  private final Map<StudyTest, Posteriors> tests = new HashMap<>();

  StudyResults(StudyOptions options) {
    this.options = options;
  }

  /** Adds the outcome of a test. */
  void add(StudyTest test, Posteriors posteriors) {
    tests.put(test, posteriors);
  }

  StudyOptions options() {
    return options;
  }

  /**
   * Returns the errors for each seed.
   *
   * @param net whose
   * @param scale it was trained at
   * @param way of testing
   * @param sizes Q, whose posteriors are averaged
   */
  List<Errors> errors(PaperNet net, TrainScale scale, TestWay way, List<Integer> sizes) {
    return errors(List.of(new Trained(net, scale)), way, List.of(sizes));
  }

  /** A net at a scale, whatever the seed. */
  record Trained(PaperNet net, TrainScale scale) {}

  /** Returns the errors for each seed of several nets whose posteriors are averaged. */
  List<Errors> errors(List<Trained> nets, TestWay way, List<List<Integer>> sizes) {
    return IntStream.rangeClosed(1, options.seeds())
        .mapToObj(seed -> errors(nets, way, sizes, seed))
        .toList();
  }

  private Errors errors(List<Trained> nets, TestWay way, List<List<Integer>> sizes, int seed) {
    List<Posteriors> each = new ArrayList<>();
    for (int i = 0; i < nets.size(); i++) {
      StudyRun run = new StudyRun(nets.get(i).net(), nets.get(i).scale(), seed);
      each.add(posteriors(run, way, sizes.get(i)));
    }
    Posteriors mean = Posteriors.mean(each);
    List<String> names = IntStream.range(0, mean.classes()).mapToObj(String::valueOf).toList();
    return Errors.of(mean.evaluation(names));
  }

  private Posteriors posteriors(StudyRun run, TestWay way, List<Integer> sizes) {
    if (way == TestWay.BOTH) {
      return Posteriors.mean(
          List.of(posteriors(run, TestWay.DENSE, sizes), posteriors(run, TestWay.CROPS, sizes)));
    }
    return Posteriors.mean(
        sizes.stream().map(size -> tests.get(new StudyTest(run, way, size))).toList());
  }
}
