package org.vgg4j.backend.cuda.calls;

import java.util.List;
import java.util.Locale;

/**
 * The three operations of a convolution, with what is known of cuDNN's algorithms for each (the
 * numbers are cuDNN's).
 */
public enum ConvDirection {
  /** y from x and w: IMPLICIT_PRECOMP_GEMM; strict are the implicit and explicit GEMMs, DIRECT. */
  FORWARD(8, 0b1111, 1, 0, 2),
  /** dx from w and dy: ALGO_1; FFT and Winograd are not strict. */
  DATA(6, 0b11, 1),
  /** dw from x and dy: ALGO_1; FFT and Winograd are not strict. */
  FILTER(7, 0b1011, 1);

  private final int algorithms;
  private final int strict; // a bit an algorithm

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<Integer> deterministic;

  ConvDirection(int algorithms, int strict, Integer... deterministic) {
    this.algorithms = algorithms;
    this.strict = strict;
    this.deterministic = List.of(deterministic);
  }

  /** Returns how many measurements cuDNN may make: each algorithm with and without tensor cores. */
  int measurements() {
    return 2 * algorithms;
  }

  /**
   * Returns the strict and deterministic algorithms, the first that runs to be taken: one fits
   * every shape by its documentation, the others are for where a library knows better.
   */
  public List<Integer> deterministic() {
    return deterministic;
  }

  /** Returns whether an algorithm neither transforms nor rounds its inputs. */
  public boolean isStrict(int algorithm) {
    return (strict >> algorithm & 1) == 1;
  }

  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
