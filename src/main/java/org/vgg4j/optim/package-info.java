/** Optimizers, which update a whole net at once, and learning-rate schedules. */
package org.vgg4j.optim;
