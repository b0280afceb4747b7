package org.vgg4j.backend.cuda;

import java.util.Locale;

/**
 * The three operations of a convolution, with what is known of cuDNN's algorithms for each (the
 * numbers are cuDNN's).
 */
enum ConvDirection {
  /** y from x and w: IMPLICIT_PRECOMP_GEMM; strict are the implicit and explicit GEMMs, DIRECT. */
  FORWARD(8, 1, 0b1111),
  /** dx from w and dy: ALGO_1; FFT and Winograd are not strict. */
  DATA(6, 1, 0b11),
  /** dw from x and dy: ALGO_1; FFT and Winograd are not strict. */
  FILTER(7, 1, 0b1011);

  private final int algorithms;
  private final int deterministic;
  private final int strict; // a bit an algorithm

  ConvDirection(int algorithms, int deterministic, int strict) {
    this.algorithms = algorithms;
    this.deterministic = deterministic;
    this.strict = strict;
  }

  /** Returns how many algorithms cuDNN has. */
  int algorithms() {
    return algorithms;
  }

  /** Returns the deterministic algorithm that fits every shape. */
  int deterministic() {
    return deterministic;
  }

  /** Returns whether an algorithm neither transforms nor rounds its inputs. */
  boolean isStrict(int algorithm) {
    return (strict >> algorithm & 1) == 1;
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
