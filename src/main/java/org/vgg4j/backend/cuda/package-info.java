/**
 * The GPU engine: cuDNN, cuBLAS and own kernels through JavaCPP, single precision or TF32, all
 * tensors in device memory.
 *
 * <p>This package is what users name: the engine, its options, its report. The rooms below it are
 * the engine's own, each built on those before it: {@code calls}, {@code libraries}, {@code
 * kernels}, {@code memory}, {@code operations}. Nothing outside may import them.
 */
package org.vgg4j.backend.cuda;
