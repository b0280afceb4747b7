package org.vgg4j.backend.cuda.operations;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageRow;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/** Resizes a batch of images of one shape: by a table that stays the same. */
public final class CudaImages extends CudaPlan implements ImagePlan {
  private final CudaLayout bytes; // (N, C0, H0, W0)
  private final CudaLayout x; // (N, C, S, S)
  private final ImageLaunches launches;
  private final Pointer table; // null for a described GPU

  public CudaImages(Closing owned, CudaDevice device, ImageSpec spec, CudaLayout x) {
    super(owned, device, "images", Usage.TRAINING);
    int batch = x.shape().dim(0);
    this.x = ImageLaunches.requireInput(spec.x(batch), x);
    bytes = CudaLayout.rows(spec.bytes(batch), DType.U8);
    ImageViewSpec views =
        new ImageViewSpec(
            bytes.bytes(), batch, spec.outChannels(), spec.size(), 0, List.of(), List.of());
    launches = new ImageLaunches(owned, device, views, x, null);
    table = device.isDescribed() ? null : ImageLaunches.uploaded(owned, device, rows(spec, batch));
  }

  private static ByteBuffer rows(ImageSpec spec, int batch) {
    ByteBuffer rows = ByteBuffer.allocate(batch * ImageRow.BYTES).order(ByteOrder.nativeOrder());
    long each = (long) spec.channels() * spec.height() * spec.width();
    for (int n = 0; n < batch; n++) {
      new ImageRow(
              n * each,
              0,
              spec.channels(),
              spec.height(),
              spec.width(),
              spec.size(),
              spec.size(),
              0,
              0,
              false,
              List.of())
          .write(rows, n * ImageRow.BYTES);
    }
    return rows;
  }

  @Override
  public Layout bytes() {
    return bytes;
  }

  @Override
  public List<Work> work() {
    return launches.count(new PlanWork(), bytes.asValues().bytes(), x.asValues().bytes()).list();
  }

  @Override
  public void forward(Tensor source, Tensor target) {
    launches.run(operand(source, bytes, "bytes"), table, operand(target, x, "x"), null);
    ((CudaTensor) source).lastRead(); // the next images may come while the step goes on
  }
}
