package org.vgg4j.benchmarks;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The arguments of {@link TorchVgg}, each {@code key=value}; all have defaults. */
final class TorchVggOptions {
  private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

  /** Configurations A, B, D and E of Simonyan and Zisserman, 2015, table 1. */
  private static final Map<String, String> ARCHITECTURES =
      Map.of(
          "vgg11", "64,M,128,M,256,256,M,512,512,M,512,512,M",
          "vgg13", "64,64,M,128,128,M,256,256,M,512,512,M,512,512,M",
          "vgg16", "64,64,M,128,128,M,256,256,256,M,512,512,512,M,512,512,512,M",
          "vgg19", "64,64,M,128,128,M,256,256,256,256,M,512,512,512,512,M,512,512,512,512,M");

  static {
    DEFAULTS.put("arch", "vgg16"); // a name or a layout as in VggSpec
    DEFAULTS.put("width", "1"); // what the channels and hidden units are multiplied with
    DEFAULTS.put("size", "224"); // pixels, of height and of width
    DEFAULTS.put("channels", "1"); // of the image
    DEFAULTS.put("batch", "64");
    DEFAULTS.put("batchnorm", "true");
    DEFAULTS.put("memory", "contiguous"); // or channels_last
    DEFAULTS.put("threads", "1");
    DEFAULTS.put("warmup", "3"); // steps that are not counted
    DEFAULTS.put("iterations", "10");
    DEFAULTS.put("precision", "fp32"); // or bf16: autocast; or pure-bf16, for inference
    DEFAULTS.put("inference", "false"); // forward passes of the net with its norms folded
    DEFAULTS.put("windows", "one"); // or on-request: of so many iterations, as cpu/compare.py asks
    DEFAULTS.put("check", ""); // the file of a first step to compare with, instead of timing
  }

  private final Map<String, String> values = new LinkedHashMap<>(DEFAULTS);

  TorchVggOptions(String[] arguments) {
    Set<String> given = new HashSet<>();
    for (String argument : arguments) {
      String[] pair = argument.split("=", 2);
      if (pair.length != 2 || !DEFAULTS.containsKey(pair[0]) || !given.add(pair[0])) {
        throw new IllegalArgumentException(
            "each once, as key=value: " + DEFAULTS.keySet() + "; not " + argument);
      }
      values.put(pair[0], pair[1]);
    }
  }

  int number(String key) {
    return Integer.parseInt(values.get(key));
  }

  /** Returns the layout in memory of images and filters. */
  MemoryFormat memory() {
    return choice("memory", "contiguous", "channels_last").equals("contiguous")
        ? MemoryFormat.Contiguous
        : MemoryFormat.ChannelsLast;
  }

  /** Returns the type of weights and images. */
  ScalarType type() {
    return choice("precision", "fp32", "bf16", "pure-bf16").equals("pure-bf16")
        ? ScalarType.BFloat16
        : ScalarType.Float;
  }

  boolean isAutocast() {
    return choice("precision", "fp32", "bf16", "pure-bf16").equals("bf16");
  }

  boolean isInference() {
    return choice("inference", "true", "false").equals("true");
  }

  boolean isOnRequest() {
    return choice("windows", "one", "on-request").equals("on-request");
  }

  /** Returns the file of a first step; null for none. */
  Path check() {
    return values.get("check").isEmpty() ? null : Path.of(values.get("check"));
  }

  /**
   * Returns the net: 4096 hidden units, times the width, 10 classes, dropout 0.5, or 0 to compare.
   * For inference it has no norms: they are part of the convolutions, which then have a bias.
   */
  VggSpec spec() {
    String arch = values.get("arch");
    List<String> layout =
        Stream.of(ARCHITECTURES.getOrDefault(arch, arch).split(",")).map(this::narrowed).toList();
    int size = number("size");
    boolean batchNorm = choice("batchnorm", "true", "false").equals("true") && !isInference();
    double dropout = check() == null ? 0.5 : 0;
    return new VggSpec(
        number("channels"), size, size, layout, batchNorm, scaled(4096), 10, dropout);
  }

  private String choice(String key, String... allowed) {
    String value = values.get(key);
    if (!List.of(allowed).contains(value)) {
      throw new IllegalArgumentException(
          key + " must be one of " + String.join(", ", allowed) + ", not " + value);
    }
    return value;
  }

  @Override
  public String toString() {
    return values.toString();
  }

  private String narrowed(String token) {
    if (token.startsWith("1x1:")) {
      return "1x1:" + scaled(Integer.parseInt(token.substring(4)));
    }
    return token.matches("[0-9]+") ? "" + scaled(Integer.parseInt(token)) : token;
  }

  private int scaled(int channels) {
    return (int) Math.max(1, Math.round(channels * Double.parseDouble(values.get("width"))));
  }
}
