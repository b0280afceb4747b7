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
    int batch = x.shape().dim(0);
    if (!x.shape().equals(spec.x(batch))) {
      throw new InvalidInputException(
          "images need an input of shape " + spec.x(batch) + ", not " + x.shape());
    }
    this.x = x.requireImages("images");
    bytes = CudaLayout.rows(spec.bytes(batch), DType.U8);
    kernel =
        owned.own(
            device
                .kernels()
                .strided(Kernels.typed("vgg4j_images", x.dtype()), x.positions(), 1, 9)
                .set(2, batch)
                .set(3, spec.channels())
                .set(4, spec.outChannels())
                .set(5, spec.height())
                .set(6, spec.width())
                .set(7, spec.size())
                .set(8, x.stored()));
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
    kernel.set(0, operand(source, bytes, "bytes")).set(1, operand(target, x, "x")).launch();
    ((CudaTensor) source).lastRead(); // the next images may come while the step goes on
  }
}
