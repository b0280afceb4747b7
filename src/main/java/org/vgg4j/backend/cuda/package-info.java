/**
 * The GPU engine: cuDNN, cublasLt and custom kernels through JavaCPP, in bf16, TF32 or single
 * precision, with all tensors in device memory.
 *
 * <p>This package is what users see: the engine, its options, its report. The packages below it are
 * internal, each built on those before it: {@code calls}, {@code libraries}, {@code kernels},
 * {@code memory}, {@code graph}, {@code operations}. Nothing outside may import them.
 */
package org.vgg4j.backend.cuda;
