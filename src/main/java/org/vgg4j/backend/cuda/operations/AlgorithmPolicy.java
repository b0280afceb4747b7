package org.vgg4j.backend.cuda.operations;

import java.util.Map;

/**
 * Which algorithms of cuDNN and cuBLAS the operations may use.
 *
 * @param strict whether products are computed in single precision rather than TF32
 * @param deterministic whether convolutions use a fixed table of deterministic algorithms instead
 *     of measuring
 * @param workspaceLimit the most workspace that a convolution's algorithm may use, in bytes; null
 *     for a twelfth of the GPU's memory, at least 1 GiB
 * @param choices algorithms chosen earlier; they take precedence over the cache and over
 *     measurements
 */
public record AlgorithmPolicy(
    boolean strict, boolean deterministic, Long workspaceLimit, Map<String, String> choices) {
  /**
   * Returns the policy for a GPU of so many bytes of memory. Fast algorithms convert layouts in as
   * much workspace as the largest activation takes; measured in benchmarks/results/2026-11-26-h200.
   */
  AlgorithmPolicy on(long memoryBytes) {
    long limit = workspaceLimit != null ? workspaceLimit : Math.max(1L << 30, memoryBytes / 12);
    return new AlgorithmPolicy(strict, deterministic, limit, choices);
  }
}
