package org.vgg4j.backend.cuda;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.operations.CudaDevice;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Memory that a GPU engine shares with other code of the process, such as another library on CUDA
 * or kernels of your own: nothing travels through the host.
 *
 * <p>It is used on the engine's thread. Order comes from streams alone; no call here waits for the
 * GPU. Other code in the engine's thread may make another GPU current between calls of the engine
 * if it chooses the engine's again afterwards.
 */
public final class DeviceSharing {
  /** What tensor cores and kernels read at once. */
  private static final int ALIGNMENT = 16;

  private final CudaDevice device;

  private DeviceSharing(CudaDevice device) {
    this.device = device;
  }

  /**
   * Returns what an engine shares by.
   *
   * @throws InvalidInputException when it is no GPU engine
   */
  public static DeviceSharing of(Backend engine) {
    if (engine instanceof CudaBackend cuda) {
      return new DeviceSharing(cuda.device());
    }
    throw InvalidInputException.of(
        "engine", "must be the GPU engine, not " + engine.name() + ", to share a GPU's memory");
  }

  /**
   * Takes memory of other code as a tensor of the engine, without a copy. What the engine is given
   * from now on waits for what is on the owner's stream now.
   *
   * @param array where it lies: on the engine's GPU, at a multiple of 16 bytes, row-major, or
   *     channels last for images (N, C, H, W) of a floating-point type, where channels that are 0
   *     may follow those of each pixel
   * @return the loan, which ends when it is closed
   * @throws InvalidInputException when the memory is not that of the engine's GPU, as far as CUDA
   *     knows, or its order is another, or the owner's stream is being captured as a CUDA graph
   * @throws IllegalStateException when the engine is closed or belongs to another thread
   */
  public BorrowedTensor borrow(DeviceArray array) {
    CudaContext context = device.context();
    context.checkOpen();
    context.makeCurrentAgain();
    CudaLayout layout = layout(array);
    requireOnDevice(context, array);
    device.memory().foreign().waitFor(array.stream());
    DeviceMemory memory = DeviceMemory.borrowed(context, array.pointer(), layout.bytes());
    CudaTensor tensor = CudaTensor.over(device.memory(), memory, layout);
    return new BorrowedTensor(memory, tensor, () -> giveBack(array));
  }

  private void giveBack(DeviceArray array) {
    CudaContext context = device.context();
    if (context.isClosed()) {
      throw new IllegalStateException(
          "this engine was closed before a loan of memory to it: close loans first");
    }
    context.checkOpen();
    if (!context.status().isLost()) {
      device.memory().foreign().haveWait(array.stream());
    }
  }

  /**
   * Describes a tensor of the engine for other code. Work that is put on the returned stream comes
   * after all that the engine was given before, and before all that it is given then; other streams
   * are ordered by {@link #haveWait} and {@link #waitFor}. The memory is valid until the arena, the
   * net or whatever owns the tensor is closed; what stands in it may change with the engine's next
   * call.
   *
   * @throws IllegalArgumentException when the tensor belongs to another engine
   * @throws InvalidInputException when no strides describe its order: weights of a linear layer
   *     behind images, activations whose norm is left to the next layer
   */
  public DeviceArray lend(Tensor tensor) {
    device.context().checkOpen();
    device.context().makeCurrentAgain();
    CudaTensor own = CudaTensor.of(device.memory(), tensor);
    CudaLayout layout = own.layout();
    long address = own.pointer().address();
    int number = device.context().info().index();
    long stream = device.context().stream().address();
    if (layout.isRowMajor()) {
      return DeviceArray.rowMajor(address, number, layout.dtype(), layout.shape(), stream);
    }
    if (layout.deferred() || layout.shape().rank() != 4) {
      throw new InvalidInputException(
          "a tensor of %s has no strides: copy it into one of plainLayout first".formatted(layout));
    }
    return new DeviceArray(
        address, number, layout.dtype(), layout.shape(), strides(layout), stream);
  }

  /**
   * Has what the engine is given from now on wait, on the GPU, for what is on a stream now.
   *
   * @param stream of the engine's GPU, as {@link DeviceArray#stream} has it
   * @throws InvalidInputException when it is being captured as a CUDA graph
   */
  public void waitFor(long stream) {
    device.context().checkOpen();
    device.memory().foreign().waitFor(stream);
  }

  /**
   * Has what is put on a stream from now on wait, on the GPU, for what the engine was given so far.
   *
   * @param stream as for {@link #waitFor}
   * @throws InvalidInputException when it is being captured as a CUDA graph
   */
  public void haveWait(long stream) {
    device.context().checkOpen();
    device.memory().foreign().haveWait(stream);
  }

  /** Returns the strides of images or filters with their channels last. */
  private static List<Long> strides(CudaLayout layout) {
    long pixel = layout.stored();
    return List.of(layout.inner() * pixel, 1L, layout.shape().dim(3) * pixel, pixel);
  }

  /**
   * Returns the engine's layout of an array. Where the strides fit both orders it is the one that
   * the engine's own tensors have.
   */
  private static CudaLayout layout(DeviceArray array) {
    Shape shape = array.shape();
    if (shape.rank() == 4) {
      CudaLayout images =
          CudaLayout.channelsLast(shape, array.dtype(), Math.max(shape.dim(1), pixel(array)));
      if (array.dtype().isFloating() && fits(array, strides(images))) {
        return images;
      }
    }
    List<Long> rows =
        DeviceArray.rowMajor(array.address(), array.device(), array.dtype(), shape, array.stream())
            .strides();
    if (!fits(array, rows)) {
      throw InvalidInputException.of(
          "strides",
          "%s of %s %s are neither row-major (%s) nor, for images of floating-point type, channels last"
              .formatted(array.strides(), array.dtype(), shape, rows));
    }
    return CudaLayout.rows(shape, array.dtype());
  }

  /** Returns the elements from one pixel to the next; from 0 where there is only one. */
  private static int pixel(DeviceArray array) {
    for (int axis : new int[] {3, 2, 0}) {
      if (array.shape().dim(axis) > 1) {
        return Math.toIntExact(Math.min(array.strides().get(axis), Integer.MAX_VALUE));
      }
    }
    return 0;
  }

  /** Returns whether an array has these strides, where they count. */
  private static boolean fits(DeviceArray array, List<Long> strides) {
    for (int axis = 0; axis < array.shape().rank(); axis++) {
      if (array.shape().dim(axis) > 1 && !array.strides().get(axis).equals(strides.get(axis))) {
        return false;
      }
    }
    return true;
  }

  private static void requireOnDevice(CudaContext context, DeviceArray array) {
    int own = context.info().index();
    String at = "0x" + Long.toHexString(array.address());
    if (array.device() != own) {
      throw InvalidInputException.of(
          "device", "must be %d, the engine's GPU, not %d".formatted(own, array.device()));
    }
    if (array.address() % ALIGNMENT != 0) {
      throw InvalidInputException.of(
          "address", "must be a multiple of %d, not %s".formatted(ALIGNMENT, at));
    }
    Pointer first = array.pointer();
    for (Pointer place : List.of(first, DeviceMemory.at(first, array.bytes() - 1))) {
      int actual = context.cuda().cudaPointerGetAttributes(place);
      if (actual != own) {
        throw InvalidInputException.of(
            "address",
            actual < 0
                ? "%s with its %d bytes is not in a GPU's memory".formatted(at, array.bytes())
                : "%s is in the memory of GPU %d, and the engine's is %d"
                    .formatted(at, actual, own));
      }
    }
  }
}
