package org.vgg4j.gradcheck;

import org.vgg4j.tensor.Tensor;

/**
 * What the backward says of one tensor.
 *
 * @param name the parameter's name, or {@link GradientCheck#INPUT}
 * @param tensor the input or the parameter's value
 * @param gradient the gradient, row-major
 * @param repeat how it differs when the backward runs again
 */
record Analytic(String name, Tensor tensor, double[] gradient, Repeat repeat) {}
