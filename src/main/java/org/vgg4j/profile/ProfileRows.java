package org.vgg4j.profile;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.OperationTime;
import org.vgg4j.tensor.SectionTime;
import org.vgg4j.tensor.StepTime;

/** Adds up the operations of steps, in the order in which a step has them. */
final class ProfileRows {
  /** The row of what no section covers. */
  static final String REST = "rest";

  /** What a section takes beside its operations, and a step beside its sections. */
  private static final String BETWEEN = "between operations";

  private static final String WHOLE = "all of it";
  private static final String OUTSIDE = "between sections";

  private final Ceilings ceilings;
  private final int steps;
  private final Map<Key, Sum> sums = new LinkedHashMap<>();
  private double total; // milliseconds of all steps

  private record Key(String part, String layer, String name, String implementation) {}

  private static final class Sum {
    private final double[] millis; // of each step
    private boolean conversion;
    private long runs;
    private long bytes;
    private long multiplyAdds;
    private double bound;

    Sum(int steps) {
      millis = new double[steps];
    }
  }

  ProfileRows(Ceilings ceilings, int steps) {
    this.ceilings = ceilings;
    this.steps = steps;
  }

  void add(int index, StepTime step) {
    total += step.millis();
    double outside = step.millis();
    for (SectionTime section : step.sections()) {
      outside -= section.millis();
      double between = section.millis();
      String part = section.part().text();
      for (OperationTime operation : section.operations()) {
        between -= operation.millis();
        Sum sum = sum(new Key(part, section.layer(), operation.name(), operation.implementation()));
        sum.millis[index] += operation.millis();
        sum.conversion = operation.conversion();
        sum.runs++;
        sum.bytes += operation.bytes();
        sum.multiplyAdds += operation.multiplyAdds();
        sum.bound += ceilings.boundMillis(operation);
      }
      String rest = section.operations().isEmpty() ? WHOLE : BETWEEN;
      rest(new Key(part, section.layer(), rest, ""), index, between);
    }
    rest(new Key(REST, "", OUTSIDE, ""), index, outside);
  }

  private void rest(Key key, int index, double millis) {
    Sum sum = sum(key);
    sum.millis[index] += Math.max(0, millis); // which is -0 after rounding where nothing is left
    sum.runs++;
  }

  private Sum sum(Key key) {
    return sums.computeIfAbsent(key, each -> new Sum(steps));
  }

  /** Returns the rows, those of a section together, with what is between operations last. */
  List<ProfileRow> list() {
    Map<String, List<ProfileRow>> sections = new LinkedHashMap<>();
    sums.forEach(
        (key, sum) ->
            sections
                .computeIfAbsent(key.part + " " + key.layer, each -> new ArrayList<>())
                .add(row(key, sum)));
    List<ProfileRow> rest = sections.remove(REST + " ");
    List<ProfileRow> all = new ArrayList<>();
    sections.values().forEach(all::addAll);
    all.addAll(rest);
    return all;
  }

  private ProfileRow row(Key key, Sum sum) {
    return new ProfileRow(
        key.part,
        key.layer,
        key.name,
        key.implementation,
        sum.conversion,
        (double) sum.runs / steps,
        median(sum.millis),
        Arrays.stream(sum.millis).sum() / total,
        sum.bytes / steps,
        sum.multiplyAdds / steps,
        sum.bound / steps);
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
