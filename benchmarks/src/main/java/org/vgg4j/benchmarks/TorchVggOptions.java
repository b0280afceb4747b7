package org.vgg4j.benchmarks;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

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
    String memory = values.get("memory");
    return switch (memory) {
      case "contiguous" -> MemoryFormat.Contiguous;
      case "channels_last" -> MemoryFormat.ChannelsLast;
      default -> throw new IllegalArgumentException("memory=" + memory);
    };
  }

  /** Returns the net: 4096 hidden units, times the width, 10 classes, dropout 0.5. */
  VggSpec spec() {
    String arch = values.get("arch");
    List<String> layout =
        Stream.of(ARCHITECTURES.getOrDefault(arch, arch).split(",")).map(this::narrowed).toList();
    int size = number("size");
    return new VggSpec(number("channels"), size, size, layout, batchNorm(), scaled(4096), 10, 0.5);
  }

  private boolean batchNorm() {
    String batchNorm = values.get("batchnorm");
    return switch (batchNorm) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("batchnorm=" + batchNorm);
    };
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
