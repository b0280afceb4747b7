/**
 * Memory on the GPU and pinned memory on the host: arenas, tensors, the shared workspace and the
 * transfers.
 */
package org.vgg4j.backend.cuda.memory;
