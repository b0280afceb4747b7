/**
 * Feeds images to a net: their sources, their preprocessing, the order of an epoch, and batches
 * prepared ahead of the step.
 */
package org.vgg4j.data;
