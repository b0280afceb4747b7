/** The training loop: steps, epochs, the position in them, and listeners. */
package org.vgg4j.train;
