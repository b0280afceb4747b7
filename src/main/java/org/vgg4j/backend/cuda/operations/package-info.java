/**
 * The plans, one class per operation of {@code Backend}, and the choice of convolution algorithms.
 */
package org.vgg4j.backend.cuda.operations;
