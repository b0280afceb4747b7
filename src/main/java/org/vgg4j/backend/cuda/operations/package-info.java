/** The plans, one class per operation of {@code Backend}, and what convolutions fuse. */
package org.vgg4j.backend.cuda.operations;
