package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * A block with batch norm. The convolution's output is kept, and the norm's is either kept too or
 * left to the next convolution: then y holds the convolution's output with scale and shift. Before
 * a max-pool neither is necessary; only the pooled values are written.
 *
 * <p>A bias before the norm is not added, since the norm takes it away again; it only moves the
 * running mean.
 */
final class CudaNormBlock extends CudaConvBlock {
  private final BatchNorm2dSpec spec;
  private final Slot kept; // z, null where it is y
  private final Slot y;
  private final Slot winner; // null without a max-pool and in inference
  private final Slot statistics; // that of y where y is deferred; null in inference
  private final boolean defers;
  private final boolean hasBias;
  private final PairPool pool; // null without a max-pool
  private final ChannelNorm norm;
  private final ChannelNormBackward backward; // null in inference
  private final SavedStatistics saved; // null in inference
  private final NormOperands operands = new NormOperands();
  private final InferenceStatistics inference; // null in training
  private final WorkspaceRegions.Region unpooled; // z in inference before a max-pool, else empty
  private final WorkspaceRegions.Region partial; // also of the convolution's sums and squares
  private final WorkspaceRegions.Region squares;
  private final WorkspaceRegions.Region unmovedMean; // stands in for the running mean
  private final WorkspaceRegions.Region unmovedVar;
  private final LeftSums leftSums;

  CudaNormBlock(
      Closing owned,
      CudaDevice device,
      ConvBlockSpec block,
      CudaLayout x,
      Layout givenW,
      Usage usage,
      MemoryPlanner memory) {
    super(owned, device, block.conv(), x, givenW, usage, then(block, usage), memory);
    spec = block.batchNorm();
    hasBias = block.conv().bias();
    if (training) {
      spec.requireTrainable(z.shape());
    }
    boolean pools = block.pool() != null;
    if (pools) {
      block.pool().y(z.shape()); // throws unless it fits
    }
    pool = pools ? new PairPool(owned, device, z, true) : null;
    defers =
        training
            && block.next() != null
            && !pools
            && device.fusions().defers(block, z, memory.recomputesNorms());
    if (defers) {
      memory.again(z.shape().elementCount());
    }
    if (pools) {
      kept = training ? memory.activation(z) : null;
      y = memory.activation(pool.winners().as(z.dtype()));
    } else {
      kept = training && !defers ? memory.activation(z) : null;
      y = memory.activation(defers ? z.asDeferred() : z);
    }
    winner = pools && training ? memory.saved(pool.winners()) : null;
    norm = new ChannelNorm(owned, device, spec, z, training);
    saved =
        !training
            ? null
            : defers ? new SavedStatistics(z.asDeferred()) : new SavedStatistics(spec.channels());
    statistics = !training ? null : defers ? y : memory.saved(saved.layout());
    leftSums = device.leftSums();
    inference = training ? null : new InferenceStatistics(regions, spec.channels());
    unpooled = regions.region(pools && !training ? z.bytes() : 0);
    long vector = (long) spec.channels() * Float.BYTES;
    partial = regions.region(training ? Math.max(norm.partialBytes(), 2 * vector) : 0);
    squares = partial.from(vector);
    unmovedMean = regions.region(training && !spec.frozen() ? vector : 0);
    unmovedVar = regions.region(training && !spec.frozen() ? vector : 0);
    backward =
        training
            ? new ChannelNormBackward(owned, device, spec, z, norm.ranks(), pools, regions)
            : null;
    regions.take(owned, device.memory().workspace());
  }

  private static ConvProducts.Then then(ConvBlockSpec block, Usage usage) {
    return usage.training() && !block.batchNorm().frozen()
        ? ConvProducts.Then.STATISTICS
        : ConvProducts.Then.NOTHING;
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork();
    products.forwardWork(work, z);
    boolean measures = training && !spec.frozen();
    norm.work(work, z, measures, products.sumsStatistics());
    if (pool != null) {
      pool.forwardWork(work, z, true, training);
    } else if (!defers) {
      work.apply("norm apply", z);
    }
    if (training) {
      // A deferred y's reader knows whether it takes the sums; its work has them in any case.
      backward.work(work.backward(), z, hasBias, defers);
      products.backwardWork(work, w);
    }
    return work.list();
  }

  @Override
  Slot output() {
    return y;
  }

  /** Returns where the convolution's output lies. */
  private Pointer convolved() {
    return kept != null ? pointer(kept) : pool == null ? pointer(y) : unpooled.pointer();
  }

  @Override
  void forward(CudaTensor source, Parameters p, boolean trains) {
    parameters(p);
    run(source, p, trains, false);
  }

  /**
   * The statistics are measured again, but for those of several ranks, and what moves the running
   * ones ends nowhere.
   */
  @Override
  void forwardAgain(CudaTensor source, Parameters p) {
    parameters(p);
    if (!spec.frozen()) {
      operands.runningMean = unmovedMean.pointer();
      operands.runningVar = unmovedVar.pointer();
    }
    run(source, p, true, true);
  }

  private void run(CudaTensor source, Parameters p, boolean trains, boolean isAgain) {
    Pointer convolved = convolved();
    boolean sums = products.sumsStatistics();
    products.forward(
        source,
        operand(p.w(), w, "w"),
        null,
        convolved,
        sums ? partial.pointer() : null,
        sums ? squares.pointer() : null);
    if (!trains || spec.frozen()) {
      norm.freeze(operands);
    } else if (isAgain && norm.ranks() != null) {
      norm.ranks().finish(operands); // the other ranks are elsewhere
    } else if (sums) {
      norm.finish(partial.pointer(), operands);
    } else {
      norm.measure(convolved, operands, partial.pointer());
    }
    if (pool != null) {
      pool.forward(convolved, operands.scale, operands.shift, pointer(y), pointer(winner));
    } else if (!defers) {
      norm.apply(convolved, pointer(y), operands);
    }
  }

  private void parameters(Parameters p) {
    operands.gamma = operand(p.gamma(), channel, "gamma");
    operands.beta = operand(p.beta(), channel, "beta");
    operands.bias = vector(p.b(), "b");
    operands.runningMean = operand(p.runningMean(), channel, "runningMean");
    operands.runningVar = operand(p.runningVar(), channel, "runningVar");
    bind();
  }

  private void bind() {
    if (inference != null) {
      inference.into(operands);
      return;
    }
    saved.bind((CudaTensor) statistics.tensor());
    saved.into(operands);
  }

  @Override
  void backward(Pointer dy, Pointer dz, Parameters p, Gradients g) {
    bind();
    boolean isSummed = defers && leftSums.take(saved.bound(), dy);
    backward.run(
        dy,
        pointer(winner),
        convolved(),
        isSummed ? saved.sums() : null,
        operands,
        dz,
        operand(g.dgamma(), channel, "dgamma"),
        operand(g.dbeta(), channel, "dbeta"),
        vector(g.db(), "db"));
  }
}
