/**
 * The plans, one class for each operation of {@code Backend}, and how convolutions choose their
 * algorithms.
 */
package org.vgg4j.backend.cuda.operations;
