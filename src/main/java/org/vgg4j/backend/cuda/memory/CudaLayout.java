package org.vgg4j.backend.cuda.memory;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;

/**
 * How the GPU engine stores a tensor: rows (the first dimension) of {@code inner} positions of
 * {@code stored} channels. Images (N, C, H, W) and filters (K, C, R, S) have their pixels as
 * positions, which is NHWC and KRSC; everything else has one position, which is row-major.
 *
 * @param shape the logical shape
 * @param dtype the type of the elements
 * @param inner the positions of a row that are stored outside the channels
 * @param stored the channels stored for each position; those after the tensor's own are zero
 * @param deferred whether what is stored is the input of a batch norm and a ReLU: the values are
 *     max(0, scale x + shift), and what the norm knows of its channels follows the elements, each
 *     from a multiple of 256 bytes: scale, shift, mean and 1 / deviation (stored channels of floats
 *     each), then the two sums of its backward (2, stored channels of doubles)
 */
public record CudaLayout(Shape shape, DType dtype, int inner, int stored, boolean deferred)
    implements Layout {
  /** What a tensor core reads at once. */
  private static final int PIXEL_BYTES = 16;

  /** Returns the row-major layout. */
  public static CudaLayout rows(Shape shape, DType dtype) {
    int columns = shape.rank() == 0 ? 1 : Math.toIntExact(shape.elementCount() / shape.dim(0));
    return new CudaLayout(shape, dtype, 1, columns, false);
  }

  /** Returns the row-major layout of floats. */
  public static CudaLayout floats(Shape shape) {
    return rows(shape, DType.F32);
  }

  /** Returns NHWC for images (N, C, H, W) and KRSC for filters (K, C, R, S). */
  public static CudaLayout channelsLast(Shape shape, DType dtype) {
    return channelsLast(shape, dtype, shape.dim(1));
  }

  /** Returns NHWC or KRSC with zeros after the channels, up to {@code stored}. */
  public static CudaLayout channelsLast(Shape shape, DType dtype, int stored) {
    return new CudaLayout(
        shape, dtype, Math.multiplyExact(shape.dim(2), shape.dim(3)), stored, false);
  }

  /** Returns NHWC with every pixel filled up with zeros to a multiple of 16 bytes. */
  public static CudaLayout filledPixels(Shape shape, DType dtype) {
    int multiple = PIXEL_BYTES / dtype.bytes();
    return channelsLast(shape, dtype, (shape.dim(1) + multiple - 1) / multiple * multiple);
  }

  /** Returns the layout of a linear layer's weights (O, I) for an input of this layout. */
  public CudaLayout linearWeights(Shape w) {
    return new CudaLayout(w, dtype, inner, stored, false);
  }

  /** Casts a layout to this engine's type. */
  public static CudaLayout of(Layout layout) {
    if (layout instanceof CudaLayout own) {
      return own;
    }
    throw new IllegalArgumentException("a layout of another engine was given to the GPU engine");
  }

  /**
   * Checks the layout of existing weights.
   *
   * @param given null when they do not exist
   * @param operand the operation and its operand, for the message
   * @throws IllegalArgumentException when it is not this layout
   */
  public void requireSame(Layout given, String operand) {
    if (given != null && !equals(given)) {
      throw new IllegalArgumentException(operand + " exists as " + given + " and must be " + this);
    }
  }

  /**
   * Checks that an operation can read this input.
   *
   * @throws IllegalArgumentException when the channels are filled up or the values deferred, which
   *     only convolutions read, or when it has images in another order
   */
  public CudaLayout requirePlain(String operation) {
    if (stored != channels() || deferred) {
      throw new IllegalArgumentException(operation + " cannot read an input of " + this);
    }
    return shape.rank() == 4 ? requireImages(operation) : this;
  }

  /**
   * Checks that this is a layout of images.
   *
   * @throws IllegalArgumentException when it is not NHWC
   */
  public CudaLayout requireImages(String operation) {
    if (shape.rank() != 4 || inner != shape.dim(2) * shape.dim(3)) {
      throw new IllegalArgumentException(operation + " needs images channels last, not " + this);
    }
    return this;
  }

  /** Returns the tensor's own channels: the elements of a row's position. */
  public int channels() {
    return Math.toIntExact(shape.elementCount() / rowCount() / inner);
  }

  /** Returns the extent of the first dimension, 1 for a scalar. */
  public int rowCount() {
    return shape.rank() == 0 ? 1 : shape.dim(0);
  }

  /** Returns the rows times the positions: N H W of images. */
  public long positions() {
    return (long) rowCount() * inner;
  }

  /** Returns how many elements are stored, those that fill up the channels included. */
  public long storedElements() {
    return positions() * stored;
  }

  /** Returns whether elements are stored in the order of the logical shape. */
  public boolean isRowMajor() {
    return stored == channels() && (inner == 1 || stored == 1) && !deferred;
  }

  /** Returns this layout with deferred values. */
  public CudaLayout asDeferred() {
    return new CudaLayout(shape, dtype, inner, stored, true);
  }

  /** Returns this layout with the values themselves. */
  public CudaLayout asValues() {
    return deferred ? new CudaLayout(shape, dtype, inner, stored, false) : this;
  }

  /** Returns where the scale of deferred values begins, in bytes. */
  public long scaleOffset() {
    return Arena.align(storedElements() * dtype.bytes());
  }

  /** Returns where the shift of deferred values begins, in bytes. */
  public long shiftOffset() {
    return scaleOffset() + Arena.align((long) stored * Float.BYTES);
  }

  /** Returns where the sums of the norm's backward begin behind deferred values, in bytes. */
  public long sumsOffset() {
    return scaleOffset() + 4 * Arena.align((long) stored * Float.BYTES);
  }

  @Override
  public long bytes() {
    return deferred ? sumsOffset() + 2L * stored * Double.BYTES : storedElements() * dtype.bytes();
  }

  @Override
  public CudaLayout as(DType other) {
    return new CudaLayout(shape, other, inner, stored, deferred);
  }

  @Override
  public String toString() {
    return dtype
        + " "
        + shape
        + (inner == 1 ? "" : " channels last")
        + (stored == channels() ? "" : ", " + stored + " channels stored")
        + (deferred ? ", deferred" : "");
  }
}
