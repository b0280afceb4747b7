package org.vgg4j.backend.cuda.operations;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Shape;

/**
 * The kernels that make a net's input of images of bytes and a table. Uploading bytes moves far
 * less data than uploading floats, and the results are bit-identical to the host's.
 */
final class ImageLaunches {
  private static final int BYTES = 0;
  private static final int TABLE = 1;
  private static final int NORMAL = 2;
  private static final int STATE = 3;
  private static final int X = 4;
  private static final int LABELS = 5;
  private static final int TAPS = 11;

  private final KernelLaunch taps; // null without antialiasing
  private final KernelLaunch images;
  private final long tapsBytes;

  /**
   * Plans the launches.
   *
   * @param owned closes them, and the memory that they use besides their operands
   * @param x the layout of the net's input
   * @param state the step's, null for none
   */
  ImageLaunches(Closing owned, CudaDevice device, ImageViewSpec spec, CudaLayout x, Pointer state) {
    int batch = x.shape().dim(0);
    int size = spec.size();
    Kernels kernels = device.kernels();
    boolean isAntialiased = spec.mostTaps() > 0;
    String name = isAntialiased ? "vgg4j_antialiased_images" : "vgg4j_images";
    images =
        owned
            .own(kernels.strided(Kernels.typed(name, x.dtype()), x.positions(), 1, 13))
            .set(STATE, state)
            .set(6, batch)
            .set(7, spec.count())
            .set(8, spec.channels())
            .set(9, size)
            .set(10, x.stored());
    tapsBytes = isAntialiased ? 2L * batch * size * (2 + spec.mostTaps()) * Integer.BYTES : 0;
    taps =
        isAntialiased
            ? owned
                .own(kernels.strided("vgg4j_image_taps", 2L * batch * size, 1, 7))
                .set(1, state)
                .set(3, batch)
                .set(4, spec.count())
                .set(5, size)
                .set(6, spec.mostTaps())
            : null;
    if (!device.isDescribed()) {
      takeMemory(owned, device, spec);
    }
  }

  private void takeMemory(Closing owned, CudaDevice device, ImageViewSpec spec) {
    if (!spec.mean().isEmpty()) {
      ByteBuffer normal =
          ByteBuffer.allocate(2 * spec.channels() * Float.BYTES).order(ByteOrder.nativeOrder());
      spec.mean().forEach(normal::putFloat);
      spec.deviation().forEach(normal::putFloat);
      images.set(NORMAL, uploaded(owned, device, normal.flip()));
    }
    if (taps != null) {
      DeviceMemory memory =
          owned.own(new DeviceMemory(device.context(), tapsBytes, MemoryOwner.SCRATCH));
      taps.set(2, memory.pointer());
      images.set(TAPS, memory.pointer()).set(TAPS + 1, spec.mostTaps());
    }
  }

  /** Returns memory of a plan's own that holds something from now on. */
  static Pointer uploaded(Closing owned, CudaDevice device, ByteBuffer values) {
    DeviceMemory memory =
        owned.own(new DeviceMemory(device.context(), values.remaining(), MemoryOwner.SCRATCH));
    CudaLayout bytes = CudaLayout.rows(Shape.of(values.remaining()), DType.U8);
    CudaTensor.over(device.memory(), memory, bytes).upload(values);
    return memory.pointer();
  }

  /** Checks the layout of a net's input. */
  static CudaLayout requireInput(Shape expected, CudaLayout x) {
    if (!x.shape().equals(expected)) {
      throw new InvalidInputException(
          "images need an input of shape " + expected + ", not " + x.shape());
    }
    return x.requireImages("images");
  }

  /** Adds the bytes that the launches move, of which {@code read} are images. */
  PlanWork count(PlanWork work, long read, long written) {
    if (taps != null) {
      work.kernel("image taps", 0, tapsBytes);
    }
    return work.kernel("images", read + tapsBytes, written);
  }

  /** Enqueues the kernels; the labels may be null. */
  void run(Pointer bytes, Pointer table, Pointer x, Pointer labels) {
    if (taps != null) {
      taps.set(0, table).launch();
    }
    images.set(BYTES, bytes).set(TABLE, table).set(X, x).set(LABELS, labels).launch();
  }
}
