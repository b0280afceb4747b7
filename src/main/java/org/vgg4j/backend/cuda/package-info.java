/**
 * The GPU engine: cuDNN, cuBLAS and own kernels through JavaCPP, single precision or TF32, all
 * tensors in device memory.
 */
package org.vgg4j.backend.cuda;
