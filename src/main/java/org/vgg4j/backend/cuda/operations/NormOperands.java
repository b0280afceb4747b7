package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;

/**
 * The channels' numbers of one batch norm on the GPU, C floats each. A plan has one and refills it
 * at every call, so that a step makes no objects.
 */
final class NormOperands {
  Pointer gamma;
  Pointer beta;
  Pointer bias; // of the convolution before, which does not add it itself; null without
  Pointer runningMean;
  Pointer runningVar;
  Pointer mean;
  Pointer invStd;
  Pointer scale;
  Pointer shift;
}
