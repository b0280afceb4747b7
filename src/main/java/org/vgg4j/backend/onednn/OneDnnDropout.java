package org.vgg4j.backend.onednn;

import org.bytedeco.javacpp.FloatPointer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/** Dropout in Java; the mask is drawn again for the backward, never stored. */
final class OneDnnDropout implements DropoutPlan {
  private static final int CHUNK = 4096;

  private final Dnnl dnnl;
  private final DropoutSpec spec;
  private final OneDnnLayout x;
  private final StepState state;
  private final float[][] chunks; // one a worker
  private final Closing closing = new Closing();
  private final Scratch scratch;
  private final Operand in;
  private final Operand out;

  OneDnnDropout(Dnnl dnnl, DropoutSpec spec, OneDnnLayout x, StepState state) {
    this.dnnl = dnnl;
    this.spec = spec;
    this.x = x;
    this.state = state;
    chunks = new float[dnnl.workers().count()][CHUNK];
    scratch = new Scratch(dnnl);
    OneDnnLayout plain = OneDnnLayout.plain(x.shape(), DType.F32);
    try {
      in = Operand.input(dnnl, "dropout x", x, plain.desc(), scratch, closing);
      out = Operand.output(dnnl, "dropout y", x, plain.desc(), scratch, closing);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    apply(source, y);
  }

  @Override
  public void backward(Tensor dy, Tensor dx) {
    apply(dy, dx);
  }

  private void apply(Tensor source, Tensor target) {
    OneDnnTensor to = OneDnnTensor.of(target);
    OneDnnTensor read = in.before(OneDnnTensor.of(source));
    OneDnnTensor written = out.before(to);
    long key = CounterRandom.key(state.seed(), spec.stream(), state.forwardPass());
    int threshold = spec.threshold();
    float scale = (float) spec.scale();
    dnnl.workers()
        .run(
            x.shape().elementCount(),
            CHUNK,
            (worker, begin, end) -> {
              FloatPointer from = read.floats();
              FloatPointer into = written.floats();
              float[] chunk = chunks[worker];
              for (long at = begin; at < end; at += CHUNK) {
                int count = (int) Math.min(CHUNK, end - at);
                from.position(at).get(chunk, 0, count);
                for (int i = 0; i < count; i++) {
                  boolean kept = (int) (CounterRandom.bits(key, at + i) >>> 40) >= threshold;
                  chunk[i] = kept ? chunk[i] * scale : 0;
                }
                into.position(at).put(chunk, 0, count);
              }
            });
    out.after(to);
  }

  @Override
  public long workspaceBytes() {
    return scratch.bytes();
  }

  @Override
  public void close() {
    closing.close();
  }
}
