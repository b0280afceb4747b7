package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One entry of a configuration's layer list.
 *
 * @param kind the kind of layer
 * @param channels of a convolution at full width, else 0
 * @param kernel of a convolution, 3 or 1, else 0
 */
public record VggLayer(Kind kind, int channels, int kernel) {
  /** The kinds of entries. */
  public enum Kind {
    /** A stride-1 convolution that keeps the image size, optional batch norm, and a ReLU. */
    CONV,
    /** A 2x2 max-pool of stride 2. */
    POOL,
    /** A local response normalization. */
    LRN
  }

  private static final VggLayer POOL = new VggLayer(Kind.POOL, 0, 0);
  private static final VggLayer LRN = new VggLayer(Kind.LRN, 0, 0);
  private static final Pattern CONV = Pattern.compile("([0-9]{1,6})(c1)?");

  /** Checks that the fields fit the kind. */
  public VggLayer {
    boolean conv = channels > 0 && (kernel == 1 || kernel == 3);
    if (kind == Kind.CONV ? !conv : channels != 0 || kernel != 0) {
      throw new InvalidInputException(
          kind + " with " + channels + " channels and kernel " + kernel + " is not a VGG layer");
    }
  }

  /**
   * Parses a list: a number is a 3x3 convolution with that many channels, or 1x1 if {@code c1}
   * follows; M is a max-pool, L a local response normalization.
   *
   * @param text such as {@code 64,M,128,M,256,256c1,M}
   * @throws InvalidInputException when an entry is invalid
   */
  public static List<VggLayer> parseList(String text) {
    List<VggLayer> layers = new ArrayList<>();
    for (String entry : text.split(",", -1)) {
      layers.add(parse(entry.strip(), text));
    }
    return List.copyOf(layers);
  }

  private static VggLayer parse(String entry, String text) {
    Matcher matcher = CONV.matcher(entry);
    if (entry.equals("M")) {
      return POOL;
    } else if (entry.equals("L")) {
      return LRN;
    } else if (!matcher.matches() || Integer.parseInt(matcher.group(1)) == 0) {
      throw InvalidInputException.of(
          "layers",
          text
              + ": '"
              + entry
              + "' must be a number of channels (3x3), one followed by c1 (1x1), M (max-pool) or L"
              + " (LRN)");
    }
    return new VggLayer(
        Kind.CONV, Integer.parseInt(matcher.group(1)), matcher.group(2) == null ? 3 : 1);
  }

  /** Returns the text that {@link #parseList} reads. */
  public static String format(List<VggLayer> layers) {
    return layers.stream().map(VggLayer::toString).collect(Collectors.joining(","));
  }

  /** Returns the entry as written in a list. */
  @Override
  public String toString() {
    return switch (kind) {
      case POOL -> "M";
      case LRN -> "L";
      case CONV -> kernel == 1 ? channels + "c1" : Integer.toString(channels);
    };
  }
}
