package org.vgg4j.tensor;

import java.util.ArrayList;
import java.util.List;

/** A block made of an engine's single operations. */
final class ComposedConvBlock implements ConvBlockPlan {
  private final Closing closing = new Closing();
  private final WeightedPlan conv;
  private final BatchNorm2dPlan norm; // null without batch norm
  private final ReluPlan relu; // null with batch norm, which does the ReLU itself
  private final boolean masksPooled; // whether the ReLU's backward comes before that of the pooling
  private final WindowPlan pool; // null without pooling
  private final Slot dx; // (N, C, H, W), null when not wanted
  private final Slot convY; // (N, K, P, Q)
  private final Slot convDy; // (N, K, P, Q)
  private final Slot normY; // (N, K, P, Q)
  private final Slot normSaved;
  private final Slot poolDy; // of y, masked by the ReLU; null unless it comes first
  private final Slot normDy; // (N, K, P, Q), what comes down through the pooling; null likewise
  private final Slot poolY; // (N, K, P/2, Q/2)
  private final Slot poolSaved;
  private final Rewrite input; // null where the input is kept
  private Tensor x; // of the last training forward
  private Parameters parameters; // likewise

  private ComposedConvBlock(
      Backend backend,
      ConvBlockSpec spec,
      Layout xLayout,
      Layout w,
      Usage usage,
      MemoryPlanner memory) {
    Usage inner = usage.training() ? Usage.TRAINING : Usage.INFERENCE;
    boolean training = usage.training();
    try {
      conv = closing.own(backend.conv2d(spec.activatedConv(), xLayout, w, usage));
      input = training ? memory.input() : null;
      dx = usage.inputGradient() ? memory.gradient(xLayout) : null;
      if (spec.batchNorm() == null) {
        norm = null;
        pool = planPool(backend, spec, conv.y(), inner);
        masksPooled = readsOnlySaved(pool);
        convY = masksPooled ? memory.passing(conv.y()) : memory.activation(conv.y());
        Layout masked = masksPooled ? pool.y() : conv.y();
        relu = training ? closing.own(backend.relu(masked, inner)) : null;
        normY = null;
        normSaved = null;
      } else {
        relu = null;
        masksPooled = false;
        convY = memory.activation(conv.y());
        norm = closing.own(backend.batchNorm2d(spec.batchNorm(), conv.y(), inner));
        pool = planPool(backend, spec, norm.y(), inner);
        boolean isWanted = memory.recomputesNorms() || !backend.keepsNorms();
        boolean isAgain = training && isWanted && pool == null && spec.next() != null;
        boolean passes = isAgain || readsOnlySaved(pool);
        normY = passes ? memory.passing(norm.y()) : memory.activation(norm.y());
        if (isAgain) {
          memory.leave(this::normalizeAgain);
          // What an engine does anyway is no way to save memory that is chosen for its cost.
          memory.again(backend.keepsNorms() ? norm.y().shape().elementCount() : 0);
        }
        normSaved = training ? memory.saved(norm.saved()) : null;
      }
      convDy = training ? memory.gradient(conv.y()) : null;
      boolean comesThrough = training && pool != null;
      normDy = comesThrough && !masksPooled ? memory.gradient(activated().layout()) : null;
      poolDy = comesThrough && masksPooled ? memory.gradient(pool.y()) : null;
      poolY = pool == null ? null : memory.activation(pool.y());
      poolSaved = comesThrough ? memory.saved(pool.saved()) : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns whether a backward needs nothing of a pooling's input, which may pass then. */
  private static boolean readsOnlySaved(WindowPlan pool) {
    return pool != null && pool.saved() != null;
  }

  private WindowPlan planPool(Backend backend, ConvBlockSpec spec, Layout layout, Usage usage) {
    return spec.pool() == null ? null : closing.own(backend.maxPool2d(spec.pool(), layout, usage));
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
    List<Work> ofRelu =
        relu == null
            ? List.of()
            : relu.work().stream().filter(work -> work.phase() == Work.Phase.BACKWARD).toList();
    List<Work> ofPool = pool == null ? List.of() : pool.work();
    all.addAll(masksPooled ? ofPool : ofRelu);
    all.addAll(masksPooled ? ofRelu : ofPool);
    return all;
  }

  private Slot activated() {
    return norm == null ? convY : normY;
  }

  private Slot output() {
    return pool == null ? activated() : poolY;
  }

  @Override
  public Tensor forward(Tensor source, Parameters p, boolean training) {
    x = training ? source : null;
    parameters = p;
    conv.forward(source, p.w(), p.b(), convY.tensor());
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
    return pooled();
  }

  @Override
  public Tensor forwardAgain(Tensor source, Parameters p) {
    x = source;
    parameters = p;
    conv.forward(source, p.w(), p.b(), convY.tensor());
    if (norm != null) {
      norm.forwardAgain(
          convY.tensor(),
          p.gamma(),
          p.beta(),
          p.runningMean(),
          p.runningVar(),
          normY.tensor(),
          normSaved.tensor());
    }
    return pooled();
  }

  private void normalizeAgain(Tensor y) {
    norm.normalizeAgain(
        convY.tensor(), parameters.gamma(), parameters.beta(), y, normSaved.tensor());
  }

  private Tensor pooled() {
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
    if (masksPooled) {
      // What is zero after the ReLU is zero after the pooling, so this masks a quarter of the
      // values.
      relu.backward(poolY.tensor(), dy, poolDy.tensor());
      unpool(poolDy.tensor(), convDy.tensor());
    } else if (pool != null) {
      unpool(dy, normDy.tensor());
      down = normDy.tensor();
    }
    if (norm != null) {
      norm.backward(
          convY.tensor(),
          down,
          p.gamma(),
          p.beta(),
          normSaved.tensor(),
          convDy.tensor(),
          g.dgamma(),
          g.dbeta());
    } else if (!masksPooled) {
      relu.backward(convY.tensor(), down, convDy.tensor());
    }
    if (g.dw() != null) {
      Tensor source = x;
      if (input != null) {
        source = dx.tensor(); // free until the data gradient
        input.into(source);
      }
      conv.backwardWeights(source, convDy.tensor(), g.dw(), g.db());
    }
    if (dx == null) {
      return null;
    }
    conv.backwardData(p.w(), convDy.tensor(), dx.tensor());
    return dx.tensor();
  }

  private void unpool(Tensor dy, Tensor dx) {
    pool.backward(activated().tensor(), poolY.tensor(), dy, poolSaved.tensor(), dx);
  }

  @Override
  public void close() {
    closing.close();
  }
}
