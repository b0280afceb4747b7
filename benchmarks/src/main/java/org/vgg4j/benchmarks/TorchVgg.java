package org.vgg4j.benchmarks;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Measures a training step of a VGG on libtorch's CPU engine in single precision: forward, cross
 * entropy, backward, Adam. Arguments: {@link TorchVggOptions}.
 */
public final class TorchVgg {
  private final TorchNet net;
  private final Optimizer optimizer;
  private final Tensor x; // (N, C, H, W)
  private final Tensor labels; // (N)
  private double loss;

  private TorchVgg(VggSpec spec, int batch, MemoryFormat images) {
    Values values = new Values(ScalarType.Float, images);
    net = new TorchNet(spec, values);
    optimizer = new Adam(net.parameterVector(), new AdamOptions(1e-3));
    x = values.uniform(-2, 2, spec.input(batch));
    labels = Values.labels(spec.classes(), batch);
  }

  /** Prints the settings, then the times. */
  public static void main(String[] arguments) {
    try {
      measure(new TorchVggOptions(arguments));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private static void measure(TorchVggOptions options) {
    torch.set_num_threads(options.number("threads"));
    torch.manual_seed(1);
    int batch = options.number("batch");
    TorchVgg vgg = new TorchVgg(options.spec(), batch, options.memory());
    System.out.printf(
        "%s, OPENBLAS_NUM_THREADS=%s, %d parameters%n",
        options, System.getenv("OPENBLAS_NUM_THREADS"), vgg.net.parameterCount());
    for (int i = 0; i < options.number("warmup"); i++) {
      vgg.step();
    }
    double[] ms = new double[options.number("iterations")];
    for (int i = 0; i < ms.length; i++) {
      long start = System.nanoTime();
      vgg.step();
      ms[i] = (System.nanoTime() - start) / 1e6;
    }
    Arrays.sort(ms);
    double median = (ms[(ms.length - 1) / 2] + ms[ms.length / 2]) / 2;
    System.out.printf(
        "step: median %.1f ms, min %.1f ms, max %.1f ms; %.1f images/s; loss %.4f%n",
        median, ms[0], ms[ms.length - 1], batch * 1000 / median, vgg.loss);
  }

  @SuppressWarnings("try") // the scope frees what is made in it
  private void step() {
    try (PointerScope scope = new PointerScope()) {
      optimizer.zero_grad();
      Tensor mean = torch.cross_entropy_loss(net.forward(x, true), labels);
      mean.backward();
      optimizer.step();
      loss = mean.item_double();
    }
  }
}
