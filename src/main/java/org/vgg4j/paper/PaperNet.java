package org.vgg4j.paper;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The paper's nets, in its order.
 *
 * <p>Source: Simonyan and Zisserman (2015), table 1.
 */
public enum PaperNet {
  A("A", "vgg11"),
  A_LRN("A-LRN", "vgg11-lrn"),
  B("B", "vgg13"),
  C("C", "vgg16-1x1"),
  D("D", "vgg16"),
  E("E", "vgg19");

  private final String text;
  private final String arch;

  PaperNet(String text, String arch) {
    this.text = text;
    this.arch = arch;
  }

  /** Returns the paper's name. */
  public String text() {
    return text;
  }

  /** Returns the name that {@code --arch} takes. */
  String arch() {
    return arch;
  }

  /** Returns the scales that the paper trained it at. */
  List<TrainScale> scales() {
    return compareTo(C) < 0 ? List.of(TrainScale.SMALL) : List.of(TrainScale.values());
  }

  /** Returns whether its first four convolutions and its linear layers begin as those of A. */
  boolean startsFromA() {
    return this != A && this != A_LRN;
  }

  /**
   * Reads names with commas between.
   *
   * @return the nets, each once, in the paper's order
   * @throws InvalidInputException when one is none of the paper's
   */
  public static List<PaperNet> parse(String names) {
    List<PaperNet> found = new ArrayList<>();
    for (String name : names.split(",", -1)) {
      found.add(
          Arrays.stream(values())
              .filter(net -> net.text.equalsIgnoreCase(name.strip()))
              .findFirst()
              .orElseThrow(
                  () ->
                      InvalidInputException.of(
                          "nets",
                          "must name some of %s, not '%s'".formatted(ofAll(), name.strip()))));
    }
    return found.stream().distinct().sorted().toList();
  }

  private static String ofAll() {
    return Arrays.stream(values()).map(PaperNet::text).collect(Collectors.joining(", "));
  }
}
