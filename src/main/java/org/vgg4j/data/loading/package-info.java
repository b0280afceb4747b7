/** Batches prepared ahead of the step, in an epoch's order. */
package org.vgg4j.data.loading;
