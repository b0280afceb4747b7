package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/** Dropout in Java. The backward draws the mask again, so it is never stored. */
final class OneDnnDropout extends OneDnnPlan implements DropoutPlan {
  private static final int CHUNK = CounterRandom.RUN;

  /** Less is done before another thread would have woken up. */
  private static final int GRAIN = 16 * CHUNK;

  private final DropoutSpec spec;
  private final OneDnnLayout x;
  private final StepState state;
  private final float[][] chunks; // one per worker
  private final long[][] randoms; // likewise
  private final OrderedCopy in;
  private final OrderedCopy out;
  private final Cost cost;

  OneDnnDropout(Dnnl context, DropoutSpec spec, OneDnnLayout x, StepState state) {
    super(context, "dropout", "x " + x.shape());
    this.spec = spec;
    this.x = x;
    this.state = state;
    cost = Cost.loop("dropout", 2 * x.bytes());
    chunks = new float[context.workers().count()][CHUNK];
    randoms = new long[chunks.length][CHUNK];
    memory.desc plain = Dnnl.plain(x.shape(), DType.F32);
    try {
      in = new OrderedCopy(this, "x", x, plain, false);
      out = new OrderedCopy(this, "y", x, plain, true);
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  @Override
  public void forward(Tensor source, Tensor y) {
    apply(OneDnnTensor.of(source, x, "dropout x"), OneDnnTensor.of(y, x, "dropout y"));
  }

  @Override
  public void backward(Tensor dy, Tensor dx) {
    apply(OneDnnTensor.of(dy, x, "dropout dy"), OneDnnTensor.of(dx, x, "dropout dx"));
  }

  private void apply(OneDnnTensor source, OneDnnTensor target) {
    OneDnnTensor read = in.before(source);
    OneDnnTensor written = out.before(target);
    long key = CounterRandom.key(state.seed(), spec.stream(), state.forwardPass());
    int threshold = spec.threshold();
    float scale = (float) spec.scale();
    long first = state.first() * (x.shape().elementCount() / x.shape().dim(0));
    long begun = context().begin();
    context()
        .workers()
        .run(
            x.shape().elementCount(),
            GRAIN,
            (worker, begin, end) -> {
              FloatPointer from = read.floats();
              FloatPointer into = written.floats();
              float[] chunk = chunks[worker];
              long[] bits = randoms[worker];
              for (long at = begin; at < end; at += CHUNK) {
                int count = (int) Math.min(CHUNK, end - at);
                from.position(at).get(chunk, 0, count);
                CounterRandom.bits(key, first + at, bits, count);
                for (int i = 0; i < count; i++) {
                  // All ones where it stays. A branch would be guessed wrong half of the time.
                  int mask = (int) ((threshold - 1 - (bits[i] >>> 40)) >> 63);
                  int value = Float.floatToRawIntBits(chunk[i] * scale);
                  chunk[i] = Float.intBitsToFloat(value & mask);
                }
                into.position(at).put(chunk, 0, count);
              }
            });
    context().end(cost, begun);
    out.after(target);
  }
}
