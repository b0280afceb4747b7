package org.vgg4j.backend.cuda.operations;

import java.util.Map;

/**
 * Which algorithms of cuDNN and cuBLAS the operations may take.
 *
 * @param strict whether products are of single precision, else of TF32
 * @param deterministic whether convolutions take a fixed table of deterministic algorithms, without
 *     measuring
 * @param workspaceLimit the bytes of workspace that a convolution's algorithm may ask for
 * @param choices algorithms chosen before; they come before the cache and before any measurement
 */
public record AlgorithmPolicy(
    boolean strict, boolean deterministic, long workspaceLimit, Map<String, String> choices) {}
