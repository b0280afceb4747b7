package org.vgg4j.tensor;

import java.util.ArrayList;
import java.util.List;

/** A block made of an engine's single operations. */
final class ComposedConvBlock implements ConvBlockPlan {
  private final Closing closing = new Closing();
  private final WeightedPlan conv;
  private final BatchNorm2dPlan norm; // null without batch norm
  private final ReluPlan relu; // null with batch norm, which does the ReLU itself
  private final WindowPlan pool; // null without pooling
  private final Slot dx; // (N, C, H, W), null when not wanted
  private final Slot convY; // (N, K, P, Q)
  private final Slot convDy; // (N, K, P, Q), masked by the ReLU
  private final Slot normY; // (N, K, P, Q)
  private final Slot normSaved;
  private final Slot normDy; // (N, K, P, Q), what comes down through the pooling
  private final Slot poolY; // (N, K, P/2, Q/2)
  private final Slot poolSaved;
  private Tensor x; // of the last training forward

  private ComposedConvBlock(
      Backend backend,
      ConvBlockSpec spec,
      Layout xLayout,
      Layout w,
      Usage usage,
      MemoryPlanner memory) {
    Conv2dSpec c = spec.conv();
    boolean plainRelu = spec.batchNorm() == null;
    Conv2dSpec convSpec =
        new Conv2dSpec(
            c.inChannels(), c.outChannels(), c.kernel(), c.padding(), c.bias(), plainRelu);
    Usage inner = usage.training() ? Usage.TRAINING : Usage.INFERENCE;
    boolean training = usage.training();
    try {
      conv = closing.own(backend.conv2d(convSpec, xLayout, w, usage));
      dx = usage.inputGradient() ? memory.gradient(xLayout) : null;
      convY = memory.activation(conv.y());
      convDy = training ? memory.gradient(conv.y()) : null;
      Slot activated = convY;
      if (plainRelu) {
        norm = null;
        relu = training ? closing.own(backend.relu(conv.y(), inner)) : null;
        normY = null;
        normSaved = null;
      } else {
        relu = null;
        norm = closing.own(backend.batchNorm2d(spec.batchNorm(), conv.y(), inner));
        normY = memory.activation(norm.y());
        normSaved = training ? memory.saved(norm.saved()) : null;
        activated = normY;
      }
      if (spec.pool() == null) {
        pool = null;
        poolY = null;
        poolSaved = null;
        normDy = null;
      } else {
        pool = closing.own(backend.maxPool2d(spec.pool(), activated.layout(), inner));
        normDy = training ? memory.gradient(activated.layout()) : null;
        poolY = memory.activation(pool.y());
        poolSaved = training ? memory.saved(pool.saved()) : null;
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  static ConvBlockPlan plan(
      Backend backend, ConvBlockSpec spec, Layout x, Layout w, Usage usage, MemoryPlanner memory) {
    return new ComposedConvBlock(backend, spec, x, w, usage, memory);
  }

  @Override
  public Layout w() {
    return conv.w();
  }

  @Override
  public Layout dw() {
    return conv.dw();
  }

  @Override
  public Layout y() {
    return output().layout();
  }

  @Override
  public long workspaceBytes() {
    long bytes = conv.workspaceBytes();
    bytes = Math.max(bytes, norm == null ? 0 : norm.workspaceBytes());
    bytes = Math.max(bytes, relu == null ? 0 : relu.workspaceBytes());
    return Math.max(bytes, pool == null ? 0 : pool.workspaceBytes());
  }

  @Override
  public List<Work> work() {
    List<Work> all = new ArrayList<>(conv.work());
    all.addAll(norm == null ? List.of() : norm.work());
    if (relu != null) {
      relu.work().stream().filter(work -> work.phase() == Work.Phase.BACKWARD).forEach(all::add);
    }
    all.addAll(pool == null ? List.of() : pool.work());
    return all;
  }

  private Slot activated() {
    return norm == null ? convY : normY;
  }

  private Slot output() {
    return pool == null ? activated() : poolY;
  }

  @Override
  public Tensor forward(Tensor input, Parameters p, boolean training) {
    x = training ? input : null;
    conv.forward(input, p.w(), p.b(), convY.tensor());
    if (norm != null && training) {
      norm.forwardTraining(
          convY.tensor(),
          p.gamma(),
          p.beta(),
          p.runningMean(),
          p.runningVar(),
          normY.tensor(),
          normSaved.tensor());
    } else if (norm != null) {
      norm.forwardInference(
          convY.tensor(), p.gamma(), p.beta(), p.runningMean(), p.runningVar(), normY.tensor());
    }
    if (pool != null) {
      pool.forward(
          activated().tensor(), poolY.tensor(), poolSaved == null ? null : poolSaved.tensor());
    }
    return output().tensor();
  }

  @Override
  public Tensor backward(Tensor dy, Parameters p, Gradients g) {
    if (x == null) {
      throw new IllegalStateException("backward of a block needs a training forward before it");
    }
    Tensor down = dy;
    if (pool != null) {
      pool.backward(activated().tensor(), poolY.tensor(), dy, poolSaved.tensor(), normDy.tensor());
      down = normDy.tensor();
    }
    if (norm != null) {
      norm.backward(
          convY.tensor(),
          normY.tensor(),
          down,
          p.gamma(),
          p.beta(),
          normSaved.tensor(),
          convDy.tensor(),
          g.dgamma(),
          g.dbeta());
    } else {
      relu.backward(convY.tensor(), down, convDy.tensor());
    }
    conv.backwardWeights(x, convDy.tensor(), g.dw(), g.db());
    if (dx == null) {
      return null;
    }
    conv.backwardData(p.w(), convDy.tensor(), dx.tensor());
    return dx.tensor();
  }

  @Override
  public void close() {
    closing.close();
  }
}
