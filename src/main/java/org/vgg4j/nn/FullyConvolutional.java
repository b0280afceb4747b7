package org.vgg4j.nn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.Tensor;

/**
 * A trained VGG as a net for pictures of any size, from its image size up. The classifier's first
 * layer becomes a convolution as large as the features of one image are, the other two become 1x1
 * convolutions, and the map of the classes that they make is averaged: so the net is seen at every
 * place of the picture, one step a feature.
 *
 * <p>Shapes: x (N, C, H, W), y (N, classes, 1, 1), the averaged logits.
 *
 * <p>At its own image size it computes what the trained net computes. An adaptive average pool is
 * linear, as the first layer is, and becomes part of that layer's convolution: it averages the same
 * features as at the net's own size, wherever in the picture the net is seen.
 *
 * <p>Source: Simonyan and Zisserman, 2015, section 3.2.
 */
public final class FullyConvolutional {
  private static final String FIRST = "classifier.0.weight";

  private FullyConvolutional() {}

  /**
   * Builds the net with a copy of a trained net's weights, on the same engine. Shapes other than
   * one picture of the trained net's size are planned when {@link Network#execution} asks for them.
   *
   * @param trained a whole net, which stays as it is and may be closed before the result is
   * @param shapeBytes the most bytes for those shapes
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public static Network of(Vgg trained, long shapeBytes) {
    VggConfig config = trained.config();
    Network dense =
        Network.build(
            () -> module(config),
            config.sample(),
            NetworkOptions.inference(1).withoutInitialValues().withShapeBytes(shapeBytes),
            trained.network().backend());
    try {
      Map<String, Tensor> values = new HashMap<>();
      trained.network().parameters().forEach(p -> values.put(p.name(), p.value()));
      for (Parameter parameter : dense.parameters()) {
        boolean isFolded = parameter.name().equals(FIRST) && config.averagePool() > 0;
        copy(values.get(parameter.name()), parameter.value(), isFolded ? config.averagePool() : 0);
      }
      trained.network().buffers().forEach(b -> values.put(b.name(), b.value()));
      dense.buffers().forEach(b -> copy(values.get(b.name()), b.value(), 0));
      dense.refreshCompute();
      return dense;
    } catch (RuntimeException | Error e) {
      dense.close();
      throw e;
    }
  }

  private static Sequential module(VggConfig config) {
    int hidden = config.hiddenFeatures();
    return new Sequential()
        .add("features", Vgg.features(config, Initialization.KAIMING))
        .add(
            "classifier",
            new Sequential()
                .add("0", layer(config.lastChannels(), hidden, config.featureSide(), true))
                .add("3", layer(hidden, hidden, 1, true))
                .add("6", layer(hidden, config.classes(), 1, false)))
        .add("mean", new AdaptiveAvgPool2d(new AdaptiveAvgPool2dSpec(1, 1)));
  }

  private static Conv2d layer(int in, int out, int kernel, boolean relu) {
    return new Conv2d(new Conv2dSpec(in, out, kernel, 0, true, relu), Initialization.KAIMING);
  }

  /**
   * Copies values; (O, C * S * S) and (O, C, S, S) have the same row-major order.
   *
   * @param pool the side of the average pool that the source comes behind, 0 for none
   */
  private static void copy(Tensor from, Tensor to, int pool) {
    ByteBuffer values = buffer(from);
    from.download(values);
    int side = pool == 0 ? 0 : to.shape().dim(2);
    if (side == pool) {
      copy(values, from.dtype(), to);
      return;
    }
    ByteBuffer folded = buffer(to);
    double[] weights = new double[pool * pool];
    int planes = to.shape().dim(0) * to.shape().dim(1);
    for (int plane = 0; plane < planes; plane++) {
      for (int i = 0; i < weights.length; i++) {
        weights[i] = from.dtype().get(values, plane * weights.length + i);
      }
      for (int i = 0; i < side * side; i++) {
        double sum = folded(weights, pool, side, i / side, i % side);
        to.dtype().put(folded, plane * side * side + i, sum);
      }
    }
    to.upload(folded);
  }

  private static ByteBuffer buffer(Tensor tensor) {
    return ByteBuffer.allocate(HostArrays.bytes(tensor)).order(ByteOrder.nativeOrder());
  }

  private static void copy(ByteBuffer values, DType type, Tensor to) {
    if (type == to.dtype()) {
      to.upload(values);
    } else {
      to.fill(i -> type.get(values, i));
    }
  }

  /** Returns what a feature counts for: its share of each window of the pool that has it. */
  private static double folded(double[] weights, int pool, int side, int row, int column) {
    double sum = 0;
    for (int p = 0; p < pool; p++) {
      double down = share(p, row, side, pool);
      for (int q = 0; q < pool && down != 0; q++) {
        sum += weights[p * pool + q] * down * share(q, column, side, pool);
      }
    }
    return sum;
  }

  private static double share(int window, int feature, int side, int pool) {
    int begin = AdaptiveAvgPool2dSpec.begin(window, side, pool);
    int end = AdaptiveAvgPool2dSpec.end(window, side, pool);
    return feature >= begin && feature < end ? 1.0 / (end - begin) : 0;
  }
}
