package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImageRow;
import org.vgg4j.tensor.ImageViewPlan;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * Takes a batch of images of any shapes. Where the batch begins stands in the step's state, so that
 * a recorded step takes another batch each time.
 */
public final class CudaImageViews extends CudaPlan implements ImageViewPlan {
  private final CudaLayout images;
  private final CudaLayout table;
  private final CudaLayout x; // (N, C, S, S)
  private final CudaLayout labels; // (N)
  private final ImageLaunches launches;
  private final boolean isUploaded; // each batch anew
  private final long batchBytes; // of images that a batch reads, about

  /** Plans it; without a state every batch begins at the first row. */
  public CudaImageViews(
      Closing owned, CudaDevice device, ImageViewSpec spec, CudaLayout x, CudaStepState state) {
    super(owned, device, "images", Usage.TRAINING);
    this.x = ImageLaunches.requireInput(spec.x(x.shape().dim(0)), x);
    isUploaded = state == null;
    int batch = x.shape().dim(0);
    images = CudaLayout.rows(spec.images(), DType.U8);
    table = CudaLayout.rows(spec.table(), DType.U8);
    labels = CudaLayout.rows(Shape.of(batch), DType.I32);
    Pointer from = state == null || device.isDescribed() ? null : state.pointer();
    launches = new ImageLaunches(owned, device, spec, x, from);
    batchBytes = spec.bytes() / spec.count() * batch;
  }

  @Override
  public List<Work> work() {
    long read = batchBytes + (long) x.shape().dim(0) * ImageRow.BYTES;
    return launches.count(new PlanWork(), read, x.bytes() + labels.bytes()).list();
  }

  @Override
  public void forward(Tensor from, Tensor rows, Tensor target, Tensor chosen) {
    launches.run(
        operand(from, images, "images"),
        operand(rows, table, "table"),
        operand(target, x, "x"),
        chosen == null ? null : operand(chosen, labels, "labels"));
    if (isUploaded) { // the next images may come while the step goes on
      ((CudaTensor) from).lastRead();
      ((CudaTensor) rows).lastRead();
    }
  }
}
