package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.ResidentImagePlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * Takes a batch from a data set in GPU memory by the kernel of {@link CudaImages}, so with the same
 * bits. Where the batch begins stands in the step's state, so that a recorded step takes another
 * batch each time.
 */
public final class CudaResidentImages extends CudaPlan implements ResidentImagePlan {
  private final CudaLayout images; // (count, C0, H0, W0)
  private final CudaLayout integers; // (count)
  private final CudaLayout x; // (N, C, S, S)
  private final CudaLayout labels; // (N)
  private final ImageSpec spec;
  private final KernelLaunch kernel;

  public CudaResidentImages(
      Closing owned,
      CudaDevice device,
      ImageSpec spec,
      int count,
      CudaLayout x,
      CudaStepState state) {
    super(owned, device, "images", Usage.TRAINING);
    this.spec = spec;
    this.x = CudaImages.requireInput(spec, x);
    images = CudaLayout.rows(spec.bytes(count), DType.U8);
    integers = CudaLayout.rows(Shape.of(count), DType.I32);
    labels = CudaLayout.rows(Shape.of(x.shape().dim(0)), DType.I32);
    kernel = owned.own(CudaImages.kernel(device, spec, count, x).set(3, state.pointer()));
  }

  @Override
  public List<Work> work() {
    int batch = x.shape().dim(0);
    CudaLayout read = CudaLayout.rows(spec.bytes(batch), DType.U8);
    return new PlanWork()
        .kernel("images", read.bytes() + 2 * labels.bytes(), x.bytes() + labels.bytes())
        .list();
  }

  @Override
  public void forward(Tensor from, Tensor allLabels, Tensor order, Tensor target, Tensor chosen) {
    kernel
        .set(0, operand(from, images, "images"))
        .set(1, operand(order, integers, "order"))
        .set(2, operand(allLabels, integers, "all labels"))
        .set(4, operand(target, x, "x"))
        .set(5, operand(chosen, labels, "labels"))
        .launch();
  }
}
