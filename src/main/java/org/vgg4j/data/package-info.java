/**
 * Images on their way into a net: where they come from, how they are preprocessed, the order of an
 * epoch, and batches prepared ahead of the step.
 */
package org.vgg4j.data;
