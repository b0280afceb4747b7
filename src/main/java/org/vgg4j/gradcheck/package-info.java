/**
 * Gradients against central differences, for the library's own layers and for anybody's.
 *
 * <p>{@link org.vgg4j.gradcheck.GradientCheck} checks one module or one net; {@link
 * org.vgg4j.gradcheck.StandardChecks} is the list of what {@code ./vgg gradcheck} and the tests
 * check. The method, and what it cannot see, stands in docs/gradcheck.md.
 */
package org.vgg4j.gradcheck;
