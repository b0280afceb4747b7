/**
 * Layers, chains of layers, and VGG itself.
 *
 * <p>Planning a net ({@link org.vgg4j.nn.Network#plan}) asks the engine for every operation and
 * adds up the memory. The memory is then allocated once, and a step allocates nothing. There is no
 * tape: each {@link org.vgg4j.nn.Module} keeps what its backward needs.
 */
package org.vgg4j.nn;
