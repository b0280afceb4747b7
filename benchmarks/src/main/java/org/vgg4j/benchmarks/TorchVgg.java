package org.vgg4j.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Measures a VGG on libtorch's CPU engine: a training step (forward, cross entropy, backward, Adam)
 * or a forward pass, in single precision or bf16. Arguments: {@link TorchVggOptions}.
 */
public final class TorchVgg {
  private final TorchNet net;
  private final Optimizer optimizer; // null in inference
  private final Tensor x; // (N, C, H, W)
  private final Tensor labels; // (N)
  private final boolean isAutocast;
  private double loss;

  private TorchVgg(TorchVggOptions options) {
    VggSpec spec = options.spec();
    int batch = options.number("batch");
    Values values = new Values(options.type(), options.memory());
    net = new TorchNet(spec, values);
    optimizer =
        options.isInference() ? null : new Adam(net.parameterVector(), new AdamOptions(1e-3));
    x = values.uniform(-2, 2, spec.input(batch));
    labels = Values.labels(spec.classes(), batch);
    isAutocast = options.isAutocast();
  }

  /** Prints the settings, then the times. */
  public static void main(String[] arguments) throws IOException {
    try {
      TorchVggOptions options = new TorchVggOptions(arguments);
      torch.set_num_threads(options.number("threads"));
      torch.manual_seed(1);
      torch.set_autocast_dtype(torch.kCPU(), ScalarType.BFloat16);
      torch.set_autocast_cache_enabled(false); // of weights, each of which a step reads once
      if (options.check() != null) {
        System.out.println(TorchCheck.of(options, options.check()));
      } else if (options.isOnRequest()) {
        serve(options);
      } else {
        measure(options);
      }
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private static TorchVgg warm(TorchVggOptions options) {
    TorchVgg vgg = new TorchVgg(options);
    for (int i = 0; i < options.number("warmup"); i++) {
      vgg.step();
    }
    return vgg;
  }

  private static void measure(TorchVggOptions options) {
    TorchVgg vgg = warm(options);
    System.out.printf(
        "%s, OPENBLAS_NUM_THREADS=%s, %d parameters%n",
        options, System.getenv("OPENBLAS_NUM_THREADS"), vgg.net.parameterCount());
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
        median, ms[0], ms[ms.length - 1], options.number("batch") * 1000 / median, vgg.loss);
  }

  /** Answers each line of standard input with the images/s of a window of steps. */
  private static void serve(TorchVggOptions options) throws IOException {
    TorchVgg vgg = warm(options);
    int steps = options.number("iterations");
    System.out.println("ready");
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    while (requests.readLine() != null) {
      long start = System.nanoTime();
      for (int i = 0; i < steps; i++) {
        vgg.step();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(Locale.ROOT, "%.4f%n", options.number("batch") * steps / seconds);
    }
    System.out.printf("{\"libtorch\": \"%s\"}%n", Loader.getVersion("org.bytedeco", "pytorch"));
  }

  @SuppressWarnings("try") // the scope frees what is made in it
  private void step() {
    try (PointerScope scope = new PointerScope()) {
      if (optimizer == null) {
        forward();
      } else {
        optimizer.zero_grad();
        Tensor mean = forward();
        mean.backward();
        optimizer.step();
        loss = mean.item_double();
      }
    }
  }

  /** Returns the mean loss, in inference the logits. */
  @SuppressWarnings("try") // the mode ends with it
  private Tensor forward() {
    torch.set_autocast_enabled(torch.kCPU(), isAutocast);
    try (AutoGradMode mode = new AutoGradMode(optimizer != null)) {
      Tensor logits = net.forward(x, optimizer != null);
      return optimizer == null ? logits : torch.cross_entropy_loss(logits, labels);
    } finally {
      torch.set_autocast_enabled(torch.kCPU(), false);
    }
  }
}
