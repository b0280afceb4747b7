/**
 * The GPU engine: cuDNN, cuBLAS and custom kernels through JavaCPP, in single precision or TF32,
 * with all tensors in device memory.
 *
 * <p>This package is what users see: the engine, its options, its report. The packages below it are
 * internal, each built on those before it: {@code calls}, {@code libraries}, {@code kernels},
 * {@code memory}, {@code operations}. Nothing outside may import them.
 */
package org.vgg4j.backend.cuda;
