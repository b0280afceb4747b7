/**
 * Memory on the GPU and pinned memory on the host: arenas, tensors, the shared workspace and the
 * transfers between the two.
 */
package org.vgg4j.backend.cuda.memory;
