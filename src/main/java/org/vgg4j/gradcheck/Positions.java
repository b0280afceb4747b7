package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.vgg4j.tensor.Shape;

/** Says where elements are in a tensor. */
final class Positions {
  private static final int MOST_LISTED = 4;
  private static final int DIFFERENT = -1;

  private Positions() {}

  /** Returns an element's index on each axis. */
  static List<Integer> of(Shape shape, int element) {
    Integer[] position = new Integer[shape.rank()];
    int rest = element;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      position[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return List.of(position);
  }

  /**
   * Returns what the elements have in common, such as {@code [*, 2, *]} for those of channel 2, or
   * else the first few of them.
   */
  static String text(Shape shape, List<Integer> elements) {
    List<List<Integer>> positions = elements.stream().map(element -> of(shape, element)).toList();
    int[] common = positions.get(0).stream().mapToInt(Integer::intValue).toArray();
    for (List<Integer> position : positions) {
      for (int axis = 0; axis < common.length; axis++) {
        common[axis] = common[axis] == position.get(axis) ? common[axis] : DIFFERENT;
      }
    }
    boolean slice = false;
    for (int axis = 0; axis < common.length; axis++) {
      slice |= common[axis] != DIFFERENT && shape.dim(axis) > 1;
    }
    if (slice && elements.size() > 1) {
      return "all in " + pattern(common);
    }
    List<String> listed = new ArrayList<>();
    positions.stream().limit(MOST_LISTED).forEach(position -> listed.add(position.toString()));
    return String.join(", ", listed) + (elements.size() > MOST_LISTED ? ", ..." : "");
  }

  private static String pattern(int[] common) {
    return Arrays.stream(common)
        .mapToObj(index -> index == DIFFERENT ? "*" : Integer.toString(index))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
