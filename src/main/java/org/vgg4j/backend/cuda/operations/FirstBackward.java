package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.kernels.StripGrid;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;

/**
 * The backward of a net's first block by custom kernels: one pass over dy for the sums of g and of
 * g p, where g is dy behind the ReLU and p the patches of the images, in a fixed order; the
 * gradients of all parameters follow from them.
 */
final class FirstBackward {
  private final FirstShape shape;
  private final boolean pool;
  private final boolean norm;
  private final KernelLaunch sums;
  private final KernelLaunch totals;
  private final KernelLaunch finish;
  private final WorkspaceRegions.Region partial;
  private final WorkspaceRegions.Region slopes; // (9 C + 1, K), doubles
  private final long partialBytes;

  FirstBackward(
      Closing owned,
      CudaDevice device,
      FirstShape shape,
      boolean norm,
      boolean pool,
      WorkspaceRegions regions) {
    this.shape = shape;
    this.norm = norm;
    this.pool = pool;
    Kernels kernels = device.kernels();
    StripGrid grid = shape.backwardGrid(kernels);
    int count = shape.isTiled() ? 9 : 8;
    sums =
        FirstForward.sizes(
                owned.own(kernels.strips(shape.backwardKernel(pool), grid, count)), shape, 4)
            .set(7, shape.channels());
    if (shape.isTiled()) {
      sums.set(8, shape.computedChannels());
    }
    totals =
        owned
            .own(kernels.finish("vgg4j_first_totals", shape.slopes(), 4))
            .set(1, grid.parts())
            .set(2, shape.slopes());
    String name = Kernels.typed("vgg4j_first_finish", shape.x().dtype());
    finish =
        owned
            .own(kernels.filters(name, shape.channels(), 13))
            .set(4, shape.z().positions())
            .set(5, shape.computedChannels());
    partialBytes = (long) grid.parts() * shape.slopes() * Float.BYTES;
    partial = regions.region(partialBytes);
    slopes = regions.region(FirstShape.doubles(shape.slopes()).bytes());
  }

  /**
   * Adds the work of {@link #run}.
   *
   * @param y the layout of dy
   * @param mask the layout of what says where the ReLU was on: y, its bits, or the winners of a
   *     max-pool
   * @param moments whether {@link #run} gets the sums over the patches
   */
  void work(PlanWork work, CudaLayout y, CudaLayout mask, CudaLayout w, boolean moments) {
    long slopeBytes = FirstShape.doubles(shape.slopes()).bytes();
    work.matmul(
        pool ? "first backward pool" : "first backward",
        shape.x().bytes() + y.bytes() + mask.bytes(),
        partialBytes,
        shape.multiplyAdds());
    work.kernel("first totals", partialBytes, slopeBytes);
    work.kernel(
        "first finish",
        slopeBytes
            + w.bytes()
            + (moments ? shape.momentLayout().bytes() : 0)
            + (norm ? PlanWork.floats(3, shape.channels()) : 0),
        PlanWork.floats(norm ? 2 : 1, shape.channels()) + w.storedElements() * Float.BYTES);
  }

  /**
   * Computes all gradients.
   *
   * @param mask y, of tiles {@link FirstShape#bits}, or the winners of a max-pool
   * @param moments the sums over the patches; null where statistics were not measured
   * @param db null without a bias
   * @param dgamma null without a norm, like dbeta
   */
  void run(
      Pointer x,
      Pointer w,
      Pointer dy,
      Pointer mask,
      Pointer moments,
      NormOperands o,
      Pointer dw,
      Pointer db,
      Pointer dgamma,
      Pointer dbeta) {
    sums.set(0, x).set(1, dy).set(2, mask).set(3, partial.pointer()).launch();
    totals.set(0, partial.pointer()).set(3, slopes.pointer()).launch();
    finish.set(0, slopes.pointer()).set(1, moments).set(2, x).set(3, w);
    finish.set(6, o.mean).set(7, o.invStd).set(8, o.scale);
    finish.set(9, dw).set(10, db).set(11, dgamma).set(12, dbeta).launch();
  }
}
