package org.vgg4j.nn;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Tensor;

/**
 * Batch norms as parts of the convolutions before them, for inference: with running statistics a
 * norm multiplies and shifts each channel, which the filters and a bias can do as well. The sums
 * are in double; each value is rounded once.
 */
public final class NormFolding {
  private NormFolding() {}

  /** Gives a trained net's tensors by name, row-major, little-endian. */
  public interface Source<E extends Exception> {
    /** Returns whether there is such a tensor. */
    boolean has(String name);

    /** Returns its values as F32 or F64. */
    ByteBuffer read(String name, DType type) throws E;
  }

  /** Returns the configuration of a net that computes the same without batch norms. */
  public static VggConfig config(VggConfig trained) {
    return trained.toBuilder().batchNorm(false).build();
  }

  /**
   * Writes a net's parameters.
   *
   * @param trained the configuration of the net that the source has
   * @param folded a net of {@link #config}
   */
  public static <E extends Exception> void fold(VggConfig trained, Source<E> source, Vgg folded)
      throws E {
    List<String> from = Vgg.layers(trained);
    List<String> into = Vgg.layers(folded.config());
    Map<String, Tensor> parameters = new HashMap<>();
    folded.network().parameters().forEach(p -> parameters.put(p.name(), p.value()));
    for (int i = 0; i < into.size(); i++) {
      Tensor weight = parameters.get(into.get(i) + ".weight");
      Tensor bias = parameters.get(into.get(i) + ".bias");
      if (trained.batchNorm() && weight.shape().rank() == 4) {
        fold(from.get(i), source, weight, bias);
      } else {
        copy(source, from.get(i) + ".weight", weight);
        copy(source, from.get(i) + ".bias", bias);
      }
    }
    folded.network().refreshCompute();
  }

  private static <E extends Exception> void copy(Source<E> source, String name, Tensor into)
      throws E {
    if (into.dtype() == DType.F64) {
      into.upload(source.read(name, DType.F64));
    } else {
      into.uploadFloats(source.read(name, DType.F32));
    }
  }

  private static <E extends Exception> void fold(
      String layer, Source<E> source, Tensor weight, Tensor bias) throws E {
    String norm = normBehind(layer);
    DoubleBuffer gamma = doubles(source, norm + ".weight");
    DoubleBuffer beta = doubles(source, norm + ".bias");
    DoubleBuffer mean = doubles(source, norm + ".running_mean");
    DoubleBuffer variance = doubles(source, norm + ".running_var");
    String ownBias = layer + ".bias"; // torchvision's convolutions have one before a norm, too
    DoubleBuffer shift = source.has(ownBias) ? doubles(source, ownBias) : null;
    DoubleBuffer filters = doubles(source, layer + ".weight");
    double[] w = new double[filters.remaining()];
    double[] b = new double[gamma.remaining()];
    int each = w.length / b.length;
    for (int k = 0; k < b.length; k++) {
      double scale = gamma.get(k) / Math.sqrt(variance.get(k) + BatchNorm2dSpec.EPSILON);
      b[k] = beta.get(k) + ((shift == null ? 0 : shift.get(k)) - mean.get(k)) * scale;
      for (int i = k * each; i < (k + 1) * each; i++) {
        w[i] = filters.get(i) * scale;
      }
    }
    weight.upload(w);
    bias.upload(b);
  }

  private static <E extends Exception> DoubleBuffer doubles(Source<E> source, String name)
      throws E {
    return source.read(name, DType.F64).asDoubleBuffer();
  }

  /** Returns the norm's name: features.1 for features.0. */
  private static String normBehind(String layer) {
    int dot = layer.lastIndexOf('.') + 1;
    return layer.substring(0, dot) + (Integer.parseInt(layer.substring(dot)) + 1);
  }
}
