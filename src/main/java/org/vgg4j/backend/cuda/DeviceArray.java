package org.vgg4j.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.ForeignStreams;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;

/**
 * Values in a GPU's memory, described so that different code in one process can share them: what
 * other code gives to {@link DeviceSharing#borrow}, and what {@link DeviceSharing#lend} gives to
 * other code. It is a description and owns nothing; the memory must outlive every use.
 *
 * <p>The index (i, j, ...) of the logical shape lies {@code i strides[0] + j strides[1] + ...}
 * elements behind the first. Images (N, C, H, W) are row-major ("NCHW") with the strides (C H W, H
 * W, W, 1), and channels last ("NHWC") with (H W C, 1, W C, C).
 *
 * @param address of the first element
 * @param device the number of the GPU that the memory belongs to, from 0
 * @param dtype the type of the elements: bf16 is the upper half of a single-precision float
 * @param shape the logical shape; (N, C, H, W) for images, whatever their order
 * @param strides in elements, one for each dimension of the shape
 * @param stream the CUDA stream on which the owner works with the memory, a {@code cudaStream_t} as
 *     a number; 0 is CUDA's default stream
 */
public record DeviceArray(
    long address, int device, DType dtype, Shape shape, List<Long> strides, long stream) {
  /**
   * Copies the strides.
   *
   * @throws InvalidInputException when there are not as many as dimensions, or one is negative
   */
  public DeviceArray {
    strides = List.copyOf(strides);
    if (strides.size() != shape.rank() || strides.stream().anyMatch(stride -> stride < 0)) {
      throw InvalidInputException.of(
          "strides", "must be one for each dimension of " + shape + ", at least 0, not " + strides);
    }
  }

  /** Describes values in the order of the logical shape; for images this is NCHW. */
  public static DeviceArray rowMajor(
      long address, int device, DType dtype, Shape shape, long stream) {
    List<Long> strides = new ArrayList<>();
    long stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      strides.add(0, stride);
      stride *= shape.dim(axis);
    }
    return new DeviceArray(address, device, dtype, shape, strides, stream);
  }

  /**
   * Describes images (N, C, H, W) of which each pixel's channels lie together: NHWC.
   *
   * @throws InvalidInputException when the shape has not four dimensions
   */
  public static DeviceArray channelsLast(
      long address, int device, DType dtype, Shape shape, long stream) {
    if (shape.rank() != 4) {
      throw InvalidInputException.of("shape", "must be (N, C, H, W), not " + shape);
    }
    long channels = shape.dim(1);
    long row = shape.dim(3) * channels;
    List<Long> strides = List.of(shape.dim(2) * row, 1L, row, channels);
    return new DeviceArray(address, device, dtype, shape, strides, stream);
  }

  /** Returns the bytes from the first element to the end of the last. */
  public long bytes() {
    long last = 0;
    for (int axis = 0; axis < shape.rank(); axis++) {
      last += (shape.dim(axis) - 1) * strides.get(axis);
    }
    return (last + 1) * dtype.bytes();
  }

  /** Returns the address as a JavaCPP pointer, which owns nothing. */
  public Pointer pointer() {
    return DeviceMemory.at(new Pointer(), address);
  }

  /** Returns the stream as JavaCPP's presets of CUDA take it. */
  public CUstream_st cudaStream() {
    return ForeignStreams.of(stream);
  }
}
