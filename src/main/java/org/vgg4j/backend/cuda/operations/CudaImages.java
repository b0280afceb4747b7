package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * Converts byte images to a net's input by a custom kernel. Uploading bytes moves far less data
 * than uploading floats, and the results are bit-identical to the host's resizing.
 */
public final class CudaImages extends CudaPlan implements ImagePlan {
  private final CudaLayout bytes; // (N, C0, H0, W0)
  private final CudaLayout x; // (N, C, S, S)
  private final KernelLaunch kernel;

  public CudaImages(Closing owned, CudaDevice device, ImageSpec spec, CudaLayout x) {
    super(owned, device, "images", Usage.TRAINING);
    this.x = requireInput(spec, x);
    bytes = CudaLayout.rows(spec.bytes(x.shape().dim(0)), DType.U8);
    kernel = owned.own(kernel(device, spec, x.shape().dim(0), x));
  }

  /** Checks the layout of a net's input. */
  static CudaLayout requireInput(ImageSpec spec, CudaLayout x) {
    Shape expected = spec.x(x.shape().dim(0));
    if (!x.shape().equals(expected)) {
      throw new InvalidInputException(
          "images need an input of shape " + expected + ", not " + x.shape());
    }
    return x.requireImages("images");
  }

  /**
   * Returns the kernel for x from {@code count} images. Its first arguments are addresses: the
   * images, their order, all labels, the step's state, x and the batch's labels; all but the images
   * and x may stay null.
   */
  static KernelLaunch kernel(CudaDevice device, ImageSpec spec, int count, CudaLayout x) {
    return device
        .kernels()
        .strided(Kernels.typed("vgg4j_images", x.dtype()), x.positions(), 1, 14)
        .set(6, x.shape().dim(0))
        .set(7, count)
        .set(8, spec.channels())
        .set(9, spec.outChannels())
        .set(10, spec.height())
        .set(11, spec.width())
        .set(12, spec.size())
        .set(13, x.stored());
  }

  @Override
  public Layout bytes() {
    return bytes;
  }

  @Override
  public List<Work> work() {
    return new PlanWork().kernel("images", List.of(bytes), x).list();
  }

  @Override
  public void forward(Tensor source, Tensor target) {
    kernel.set(0, operand(source, bytes, "bytes")).set(4, operand(target, x, "x")).launch();
    ((CudaTensor) source).lastRead(); // the next images may come while the step goes on
  }
}
