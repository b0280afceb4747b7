/** vgg4j's own kernels: sources, compilation (by the build or by NVRTC) and launches. */
package org.vgg4j.backend.cuda.kernels;
