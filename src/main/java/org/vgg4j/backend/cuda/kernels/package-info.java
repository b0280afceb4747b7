/**
 * vgg4j's own kernels: their sources, compiled by the build or by NVRTC, and how they are launched.
 */
package org.vgg4j.backend.cuda.kernels;
