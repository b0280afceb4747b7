package org.vgg4j.backend.cuda.operations;

import java.util.Map;

/**
 * Which algorithms of cuDNN and cuBLAS the operations may use.
 *
 * @param strict whether products are computed in single precision rather than TF32
 * @param deterministic whether convolutions use a fixed table of deterministic algorithms instead
 *     of measuring
 * @param workspaceLimit the most workspace that a convolution's algorithm may use, in bytes
 * @param choices algorithms chosen earlier; they take precedence over the cache and over
 *     measurements
 */
public record AlgorithmPolicy(
    boolean strict, boolean deterministic, long workspaceLimit, Map<String, String> choices) {}
