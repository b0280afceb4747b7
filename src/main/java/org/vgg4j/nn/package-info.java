/**
 * Layers, the chains that are built from them, and VGG itself.
 *
 * <p>A net is planned ({@link org.vgg4j.nn.Network#plan}), which asks the engine for every
 * operation and adds up the memory; then its memory is taken; after that a step allocates nothing.
 * There is no tape: each {@link org.vgg4j.nn.Module} keeps what its backward needs.
 */
package org.vgg4j.nn;
