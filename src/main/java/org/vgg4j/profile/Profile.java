package org.vgg4j.profile;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.StepTime;

/**
 * Where the time of a training's steps goes.
 *
 * @param engine what computed, in a line
 * @param firstStep the number of the first profiled step in the run, from 1
 * @param lastStep the number of the last; steps between them that take fewer images do not count
 * @param steps how many steps were profiled
 * @param images how many images a step takes
 * @param millis the median of a step
 * @param ceilings what the engine does at most
 * @param rows the operations in the order of a step; their shares add up to 1
 */
public record Profile(
    String engine,
    long firstStep,
    long lastStep,
    int steps,
    int images,
    double millis,
    Ceilings ceilings,
    List<ProfileRow> rows) {
  /** The version of {@code profile.json}. */
  static final int FORMAT = 1;

  /** Copies the rows. */
  public Profile {
    rows = List.copyOf(rows);
  }

  /**
   * Sums up steps.
   *
   * @param steps at least one
   */
  public static Profile of(
      String engine,
      long firstStep,
      long lastStep,
      int images,
      Ceilings ceilings,
      List<StepTime> steps) {
    ProfileRows rows = new ProfileRows(ceilings, steps.size());
    for (int i = 0; i < steps.size(); i++) {
      rows.add(i, steps.get(i));
    }
    double[] millis = steps.stream().mapToDouble(StepTime::millis).toArray();
    return new Profile(
        engine,
        firstStep,
        lastStep,
        steps.size(),
        images,
        ProfileRows.median(millis),
        ceilings,
        rows.list());
  }

  /** Returns the object of {@code profile.json}. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("format", FORMAT);
    map.put("engine", engine);
    map.put("firstStep", firstStep);
    map.put("lastStep", lastStep);
    map.put("steps", steps);
    map.put("imagesPerStep", images);
    map.put("stepMillis", millis);
    map.put("ceilingBytesPerSecond", ceilings.bytesPerSecond());
    map.put("ceilingMultiplyAddsPerSecond", ceilings.multiplyAddsPerSecond());
    map.put("operations", rows.stream().map(ProfileRow::toMap).toList());
    return map;
  }
}
