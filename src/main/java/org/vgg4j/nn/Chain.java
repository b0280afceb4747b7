package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Slot;

/**
 * The modules of one batch size.
 *
 * @param input (N, C, H, W), row-major
 * @param outputGradient null in inference
 */
record Chain(
    int batch, Module module, Slot input, Layout output, Slot outputGradient, ChainMemory memory) {}
