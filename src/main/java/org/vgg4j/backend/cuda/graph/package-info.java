/**
 * Convolutions, alone and fused, on cuDNN's graph API: what is asked for ({@code ConvProblem}), the
 * search for a plan among those that cuDNN offers, on an open GPU or on one that is only described,
 * and running it.
 */
package org.vgg4j.backend.cuda.graph;
