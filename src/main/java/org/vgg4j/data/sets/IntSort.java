package org.vgg4j.data.sets;

import java.util.function.IntBinaryOperator;

/** Sorts numbers by a comparison, without an object for each. */
final class IntSort {
  private IntSort() {}

  /**
   * Sorts the first values by merging runs bottom-up.
   *
   * @param comparison negative, 0 or positive, as a comparator's
   */
  static void sort(int[] values, int count, IntBinaryOperator comparison) {
    int[] from = values;
    int[] to = new int[count];
    for (long run = 1; run < count; run *= 2) {
      for (long begin = 0; begin < count; begin += 2 * run) {
        int middle = (int) Math.min(begin + run, count);
        int end = (int) Math.min(begin + 2 * run, count);
        merge(from, to, (int) begin, middle, end, comparison);
      }
      int[] merged = to;
      to = from;
      from = merged;
    }
    if (from != values) {
      System.arraycopy(from, 0, values, 0, count);
    }
  }

  private static void merge(
      int[] from, int[] to, int begin, int middle, int end, IntBinaryOperator comparison) {
    int left = begin;
    int right = middle;
    for (int i = begin; i < end; i++) {
      boolean takesLeft =
          left < middle && (right == end || comparison.applyAsInt(from[left], from[right]) <= 0);
      to[i] = takesLeft ? from[left++] : from[right++];
    }
  }
}
