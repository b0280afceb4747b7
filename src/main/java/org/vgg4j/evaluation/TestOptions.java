package org.vgg4j.evaluation;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How a net is shown the pictures that it is measured on. Neither dense nor in crops, it sees the
 * middle of each. What it says of all that it is shown is averaged, as probabilities.
 *
 * <p>Source: Simonyan and Zisserman, 2015, sections 3.2 and 4.
 *
 * @param scales what pictures are resized to, one after the other, in pixels: as the net's {@link
 *     Preprocessing} resizes to its own size, so of the shorter side where the fit is so; empty for
 *     that size alone
 * @param dense whether the net sees the whole picture ({@link org.vgg4j.nn.FullyConvolutional})
 * @param crops whether it sees {@link #CROPS} crops of its image size
 * @param flip whether it also sees the middle, or the whole picture, with left and right exchanged,
 *     as it always sees the crops
 */
public record TestOptions(List<Integer> scales, boolean dense, boolean crops, boolean flip) {
  /** The crops of a scale: a grid of 5 by 5, each as it is and with left and right exchanged. */
  public static final int CROPS = 50;

  /** The middle of each picture, once. */
  public static final TestOptions PLAIN = new TestOptions(List.of(), false, false, false);

  /** Checks the scales. */
  public TestOptions {
    scales = List.copyOf(scales);
    for (int scale : scales) {
      InvalidInputException.requireAtLeast(1, "scales", scale);
    }
    if (scales.stream().distinct().count() < scales.size()) {
      throw InvalidInputException.of("scales", "has one twice: " + scales);
    }
  }

  /**
   * Reads scales such as 224,256,288.
   *
   * @throws InvalidInputException when they are none
   */
  public static List<Integer> scales(String text) {
    try {
      return Arrays.stream(text.split(",", -1)).map(String::strip).map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw InvalidInputException.of(
          "scales", "must be numbers of pixels with commas between, not '" + text + "'", e);
    }
  }

  /** Returns what a net is shown, for a person: whole pictures and 50 crops, at scales 8, 9. */
  public String inWords(Preprocessing how) {
    String sides = flip ? " both ways round" : "";
    String shown = dense ? "whole pictures" + sides : crops ? "" : "the middle" + sides;
    if (crops) {
      shown += (dense ? " and " : "") + CROPS + " crops";
    }
    List<Integer> sizes = scalesFor(how);
    return shown
        + (sizes.size() == 1 ? " at scale " : " at scales ")
        + sizes.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }

  /** Returns whether this is {@link #PLAIN}. */
  public boolean isPlain() {
    return equals(PLAIN);
  }

  /**
   * Returns the scales for a net.
   *
   * @throws InvalidInputException when one is below the net's image size
   */
  public List<Integer> scalesFor(Preprocessing how) {
    for (int scale : scales) {
      if (scale < how.crop()) {
        throw InvalidInputException.of(
            "scales",
            "must be at least the net's image size, %d, not %d".formatted(how.crop(), scale));
      }
    }
    return scales.isEmpty() ? List.of(how.resize()) : scales;
  }
}
