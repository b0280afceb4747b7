package org.vgg4j.backend.onednn;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Times a block of convolution, norm, ReLU and pooling, forward and backward, in the orders that it
 * can take. What converts its input from the order of the block before is timed with it.
 */
final class OrderTimer {
  private static final Logger LOG = LoggerFactory.getLogger(OrderTimer.class);
  private static final long ENOUGH_NANOS = 100_000_000;
  private static final int LEAST_RUNS = 3;
  private static final int MOST_RUNS = 30;

  /** More channels than these gain nothing from blocks of 8, which use half of a register. */
  private static final int NARROW = 32;

  private final OneDnnBackend backend;
  private final Dnnl dnnl;

  OrderTimer(OneDnnBackend backend, Dnnl dnnl) {
    this.backend = backend;
    this.dnnl = dnnl;
  }

  /** Returns the fastest orders; the first ones where memory is too short to time. */
  ConvOrders fastest(ConvBlockSpec spec, OneDnnLayout x, Usage usage, ConvOrders first) {
    ConvOrders best = first;
    double least = Double.POSITIVE_INFINITY;
    try {
      for (ConvOrders orders : candidates(spec, x, usage, first)) {
        if (isQuick(spec, x, usage, orders)) {
          double millis = millis(spec, x, usage, orders);
          LOG.debug("{} in {}: {} ms", spec.conv(), orders.text(), millis);
          if (millis < least) {
            least = millis;
            best = orders;
          }
        }
      }
    } catch (OutOfDeviceMemoryException e) {
      LOG.warn("No memory to time {}: {}", spec.conv(), e.getMessage());
      return first;
    }
    return best;
  }

  private Set<ConvOrders> candidates(
      ConvBlockSpec spec, OneDnnLayout given, Usage usage, ConvOrders first) {
    int c = spec.conv().inChannels();
    int k = spec.conv().outChannels();
    Set<ConvOrders> all = new LinkedHashSet<>();
    List<Convolutions> ways =
        ConvWay.candidates(spec.conv(), dnnl.types().activation(), null, usage);
    boolean isFree = first.way() == Convolutions.PREFERRED && !ways.isEmpty();
    if (isFree) {
      all.add(first.withWay(Convolutions.DIRECT));
      ways.forEach(way -> all.add(first.withWay(way)));
    } else {
      all.add(first);
    }
    Convolutions rest = isFree ? Convolutions.DIRECT : first.way();
    for (ImageOrder images :
        new ImageOrder[] {ImageOrder.ANY, ImageOrder.NHWC, ImageOrder.BLOCKS_OF_8}) {
      boolean isOdd =
          images == ImageOrder.BLOCKS_OF_8 && (given.dtype() != DType.F32 || k > NARROW);
      if (!isOdd) {
        ImageOrder x = c == 1 ? ImageOrder.ANY : images; // one channel has only one order
        all.add(new ConvOrders(x, images, images, rest));
        all.add(new ConvOrders(x, images, ImageOrder.NHWC, rest));
        all.add(new ConvOrders(x, images, ImageOrder.ANY, rest));
      }
    }
    return all;
  }

  /** Returns whether oneDNN has kernels for the orders; its plain loops may take minutes. */
  private boolean isQuick(ConvBlockSpec spec, OneDnnLayout x, Usage usage, ConvOrders orders) {
    if (orders.way() == Convolutions.NARROW) {
      return true;
    }
    try (OneDnnConv2d conv = new OneDnnConv2d(dnnl, spec.conv(), x, null, usage, orders)) {
      return !conv.hasPlainLoops();
    }
  }

  private double millis(ConvBlockSpec spec, OneDnnLayout x, Usage usage, ConvOrders orders) {
    try (TimingMemory memory = new TimingMemory(backend, MemoryOwner.TIMING);
        ConvBlockPlan plan = backend.convBlock(spec, x, null, usage, memory, orders)) {
      memory.take();
      Tensor images = memory.tensor(x);
      Tensor dy = memory.tensor(plan.y());
      Tensor dw = usage.weightGradients() ? memory.tensor(plan.dw()) : null;
      Shape channels = Shape.of(spec.conv().outChannels());
      Layout each = backend.plainLayout(channels, DType.F32);
      Tensor one = memory.tensor(each);
      Tensor two = memory.tensor(each);
      boolean hasNorm = spec.batchNorm() != null;
      boolean hasBias = spec.conv().bias();
      ConvBlockPlan.Parameters parameters =
          new ConvBlockPlan.Parameters(
              memory.tensor(plan.w()),
              hasBias ? one : null,
              hasNorm ? one : null,
              hasNorm ? one : null,
              hasNorm ? memory.tensor(each) : null,
              hasNorm ? memory.tensor(each) : null);
      ConvBlockPlan.Gradients gradients =
          new ConvBlockPlan.Gradients(
              dw, hasBias ? memory.tensor(each) : null, hasNorm ? two : null, hasNorm ? one : null);
      long least = Long.MAX_VALUE;
      long all = 0;
      for (int run = 0; run <= LEAST_RUNS || (run < MOST_RUNS && all < ENOUGH_NANOS); run++) {
        long begun = System.nanoTime();
        plan.forward(images, parameters, true);
        memory.writeAgain();
        plan.backward(dy, parameters, gradients);
        long nanos = System.nanoTime() - begun;
        if (run > 0) { // the first fills caches
          least = Math.min(least, nanos);
          all += nanos;
        }
      }
      return least / 1e6;
    }
  }
}
