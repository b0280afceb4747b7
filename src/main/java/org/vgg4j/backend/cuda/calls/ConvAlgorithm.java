package org.vgg4j.backend.cuda.calls;

/**
 * An algorithm of cuDNN for one direction of a convolution, ready to run.
 *
 * @param number its number in cuDNN
 * @param workspaceBytes the workspace that cuDNN says it needs
 */
public record ConvAlgorithm(ConvDirection direction, int number, long workspaceBytes) {}
