package org.vgg4j.backend.cuda.calls;

import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_0;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_COUNT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_DIRECT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_GEMM;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;

import java.util.List;
import java.util.Locale;

/** The three operations of a convolution, with the properties of cuDNN's algorithms for each. */
public enum ConvDirection {
  /** y from x and w. */
  FORWARD(
      CUDNN_CONVOLUTION_FWD_ALGO_COUNT,
      List.of(
          CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
          CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
          CUDNN_CONVOLUTION_FWD_ALGO_GEMM),
      CUDNN_CONVOLUTION_FWD_ALGO_DIRECT),
  /** dx from w and dy. */
  DATA(
      CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT,
      List.of(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1),
      CUDNN_CONVOLUTION_BWD_DATA_ALGO_0),
  /** dw from x and dy. */
  FILTER(
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT,
      List.of(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1),
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0,
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3);

  private final int algorithms;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable
  private final List<Integer> deterministic;

  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Integer> otherStrict;

  ConvDirection(int algorithms, List<Integer> deterministic, Integer... otherStrict) {
    this.algorithms = algorithms;
    this.deterministic = deterministic;
    this.otherStrict = List.of(otherStrict);
  }

  /**
   * Returns the most measurements that cuDNN makes: each algorithm with and without tensor cores.
   */
  int measurements() {
    return 2 * algorithms;
  }

  /**
   * Returns the strict and deterministic algorithms; use the first that runs. According to the
   * documentation one fits every shape; the others are for libraries that refuse it.
   */
  public List<Integer> deterministic() {
    return deterministic;
  }

  /** Returns whether an algorithm neither transforms (FFT, Winograd) nor rounds its inputs. */
  public boolean isStrict(int algorithm) {
    return deterministic.contains(algorithm) || otherStrict.contains(algorithm);
  }

  /** Returns the name in lower case. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
