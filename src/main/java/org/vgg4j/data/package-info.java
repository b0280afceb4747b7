/** Data sets: reading and finding them, shuffling, and batches prepared ahead of the step. */
package org.vgg4j.data;
