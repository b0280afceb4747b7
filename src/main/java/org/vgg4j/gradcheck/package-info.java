/**
 * Checks gradients against central differences, for the library's layers and your own.
 *
 * <p>{@link org.vgg4j.gradcheck.GradientCheck} checks one module or one net; {@link
 * org.vgg4j.gradcheck.StandardChecks} lists what {@code ./vgg gradcheck} and the tests check.
 * docs/gradcheck.md describes the method and its limits.
 */
package org.vgg4j.gradcheck;
