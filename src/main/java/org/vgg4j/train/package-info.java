/** The training loop: steps, epochs, what changes from step to step, and who hears of it. */
package org.vgg4j.train;
