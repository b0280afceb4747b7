/**
 * CUDA's and cuDNN's shared libraries: where they may lie, how they are loaded, which versions they
 * are.
 */
package org.vgg4j.backend.cuda.libraries;
