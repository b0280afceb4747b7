/** Sums between the GPUs of several ranks through NCCL. */
package org.vgg4j.backend.cuda.collective;
