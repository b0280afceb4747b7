package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * A block without batch norm: convolution, bias and ReLU in one, then the max-pool. Before a
 * max-pool the convolution's output is not kept; the winners are all that the backward needs.
 */
final class CudaPlainBlock extends CudaConvBlock {
  private final Slot y;
  private final Slot winner; // null without a max-pool and in inference
  private final PairPool pool; // null without a max-pool
  private final WorkspaceRegions.Region rectified; // the max-pool's input, empty without one
  private final BiasGradient biasGradient; // null without a bias and in inference
  private final KernelLaunch mask; // null with a bias or a max-pool, and in inference
  private final WorkspaceRegions.Region partial;

  CudaPlainBlock(
      Closing owned,
      CudaDevice device,
      ConvBlockSpec spec,
      CudaLayout x,
      Layout givenW,
      Usage usage,
      MemoryPlanner memory) {
    super(
        owned,
        device,
        rectified(spec.conv()),
        x,
        givenW,
        usage,
        ConvProducts.Then.BIAS_AND_RELU,
        memory);
    boolean pools = spec.pool() != null;
    if (pools) {
      spec.pool().y(z.shape()); // throws unless it fits
    }
    pool = pools ? new PairPool(owned, device, z, true) : null;
    y = memory.activation(pools ? pool.winners().as(z.dtype()) : z);
    winner = pools && training ? memory.saved(pool.winners()) : null;
    rectified = regions.region(pools ? z.bytes() : 0);
    boolean hasBias = spec.conv().bias();
    biasGradient = hasBias && training ? new BiasGradient(owned, device, z, pools) : null;
    mask =
        training && !hasBias && !pools
            ? owned.own(PointwiseKernels.reluBackward(device.kernels(), z))
            : null;
    partial = regions.region(biasGradient == null ? 0 : biasGradient.partialBytes());
    regions.take(owned, device.memory().workspace());
  }

  private static Conv2dSpec rectified(Conv2dSpec c) {
    return new Conv2dSpec(c.inChannels(), c.outChannels(), c.kernel(), c.padding(), c.bias(), true);
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork();
    products.forwardWork(work, z);
    if (pool != null) {
      pool.forwardWork(work, z, false, training);
    }
    if (training) {
      work.backward();
      if (mask != null) {
        work.kernel("relu backward", List.of(z, z), z);
      } else if (biasGradient == null) {
        pool.backwardWork(work, z);
      } else if (pool == null) {
        biasGradient.work(work, List.of(z, z), z);
      } else {
        biasGradient.work(work, List.of(pool.winners().as(z.dtype()), pool.winners()), z);
      }
      products.backwardWork(work, w);
    }
    return work.list();
  }

  @Override
  Slot output() {
    return y;
  }

  @Override
  void forward(CudaTensor source, Parameters p, boolean trains) {
    Pointer out = pool == null ? pointer(y) : rectified.pointer();
    products.forward(source, operand(p.w(), w, "w"), vector(p.b(), "b"), out, null, null);
    if (pool != null) {
      pool.forward(out, null, null, pointer(y), pointer(winner));
    }
  }

  @Override
  void backward(Pointer dy, Pointer dz, Parameters p, Gradients g) {
    if (mask != null) {
      mask.set(0, pointer(y)).set(1, dy).set(2, dz).launch();
    } else if (biasGradient == null) {
      pool.backward(dy, pointer(winner), dz);
    } else if (pool == null) {
      biasGradient.run(dy, pointer(y), dz, partial.pointer(), vector(g.db(), "db"));
    } else {
      biasGradient.runPooled(dy, pointer(winner), dz, partial.pointer(), vector(g.db(), "db"));
    }
  }
}
