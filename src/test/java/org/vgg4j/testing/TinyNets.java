package org.vgg4j.testing;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Counter;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Tensor;

/** Nets and data small enough for many tests. */
public final class TinyNets {
  private TinyNets() {}

  /** Returns a net for grey images of 8 x 8. */
  public static VggConfig config(String layers, boolean batchNorm, int classes, double dropout) {
    return VggConfig.builder()
        .layers(layers)
        .batchNorm(batchNorm)
        .channels(1)
        .classes(classes)
        .imageSize(8)
        .hidden(6)
        .dropout(dropout)
        .build();
  }

  /** Returns a net whose parameters, statistics and counters are random, unlike starting values. */
  public static Vgg random(VggConfig config, NetworkOptions options, Backend backend) {
    Vgg vgg = Vgg.build(config, Initialization.PYTORCH, options, backend);
    Random random = new Random(5);
    for (Parameter parameter : vgg.network().parameters()) {
      fill(parameter.value(), random, -1);
    }
    vgg.network().refreshCompute();
    for (Buffer buffer : vgg.network().buffers()) {
      fill(buffer.value(), random, buffer.name().endsWith("running_var") ? 0.5 : -1);
    }
    for (Counter counter : vgg.network().counters()) {
      counter.value(random.nextInt(1000));
    }
    return vgg;
  }

  private static void fill(Tensor tensor, Random random, double from) {
    double[] values = new double[tensor.shape().arrayLength()];
    for (int i = 0; i < values.length; i++) {
      values[i] = from + 2 * random.nextDouble();
    }
    tensor.upload(values);
  }

  /** Returns everything that a net's file must keep, by name. */
  public static Map<String, double[]> state(Vgg vgg) {
    Map<String, double[]> state = new LinkedHashMap<>();
    vgg.network().parameters().forEach(p -> state.put(p.name(), values(p.value())));
    vgg.network().buffers().forEach(b -> state.put(b.name(), values(b.value())));
    vgg.network().counters().forEach(c -> state.put(c.name(), new double[] {c.value()}));
    return state;
  }

  public static double[] values(Tensor tensor) {
    double[] values = new double[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  /** Returns grey images of 8 x 8 with random pixels; labels go round the classes. */
  public static ImageSource noise(int images, int classes) {
    byte[] pixels = new byte[images * 64];
    new Random(images).nextBytes(pixels);
    int[] labels = new int[images];
    for (int i = 0; i < images; i++) {
      labels[i] = i * 7 % classes;
    }
    List<String> names =
        java.util.stream.IntStream.range(0, classes).mapToObj(c -> "c" + c).toList();
    return new InMemoryImages("noise", new ImageShape(1, 8, 8), names, pixels, labels);
  }

  public static FashionMnist sample() {
    return FashionMnist.load("sample", DataPlaces.ofThisMachine(), DownloadListener.NONE);
  }
}
