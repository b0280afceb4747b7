package org.vgg4j.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.VggLayer;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What of a model file becomes the first weights of another net; the rest of the net keeps the
 * values that it was built with. With another number of classes, that is the last layer.
 */
public final class WeightTransfer {
  private static final String HEAD = "classifier.6";

  /** The convolutions that the paper's deeper nets took from its shallowest. */
  private static final int CONVOLUTIONS = 4;

  private static final List<String> NORM_PARTS =
      List.of("weight", "bias", "running_mean", "running_var", "num_batches_tracked");

  private final ModelReader file;
  private final VggConfig net;
  private final Map<String, String> names = new LinkedHashMap<>(); // the file's, by the net's
  private final List<String> copied = new ArrayList<>();
  private String head = ""; // what is said of a new one

  private WeightTransfer(ModelReader file, VggConfig net) {
    this.file = file;
    this.net = net;
  }

  /**
   * Takes all of a file for a net of the same layers.
   *
   * @throws InvalidInputException when the net has other tensors, naming the first with both shapes
   */
  public static WeightTransfer all(ModelReader file, VggConfig net) {
    WeightTransfer transfer = new WeightTransfer(file, net);
    boolean isOther = transfer.hasOtherHead();
    for (String name : TensorShapes.of(net).keySet()) {
      if (!isOther || !name.startsWith(HEAD)) {
        transfer.names.put(name, name);
      }
    }
    for (String name : TensorShapes.of(file.config()).keySet()) {
      if (!TensorShapes.of(net).containsKey(name)) {
        throw new InvalidInputException(
            file.file() + " has a tensor " + name + ", which the net to train does not have");
      }
    }
    transfer.requireShapes();
    return transfer;
  }

  /**
   * Takes the first four convolutions, with their batch norms, and the linear layers of a shallower
   * net. A convolution goes to the one at its place in the same stage: in the paper's nets, whose
   * stages end at the poolings, these have the same shapes. Source: Simonyan and Zisserman, 2015,
   * section 3.1.
   *
   * @throws InvalidInputException when something does not fit, naming the layer with both shapes
   */
  public static WeightTransfer ofShallower(ModelReader file, VggConfig net) {
    WeightTransfer transfer = new WeightTransfer(file, net);
    if (file.config().batchNorm() != net.batchNorm()) {
      throw new InvalidInputException(
          "%s has %s batch norm and the net to train has %s; give --%sbatch-norm"
              .formatted(
                  file.file(),
                  file.config().batchNorm() ? "a" : "no",
                  net.batchNorm() ? "one" : "none",
                  net.batchNorm() ? "no-" : ""));
    }
    List<Place> places = places(net);
    places(file.config()).stream()
        .limit(CONVOLUTIONS)
        .forEach(from -> transfer.convolution(from, places));
    boolean isOther = transfer.hasOtherHead();
    for (String layer : List.of("classifier.0", "classifier.3", HEAD)) {
      if (!isOther || !layer.equals(HEAD)) {
        transfer.layer(layer, layer, List.of("weight", "bias"));
      }
    }
    transfer.requireShapes();
    return transfer;
  }

  /** A convolution: the number of its stage and its number there, from 1, and its module's. */
  private record Place(int stage, int number, int module) {}

  private static List<Place> places(VggConfig config) {
    List<Place> places = new ArrayList<>();
    int stage = 1;
    int number = 1;
    int module = 0;
    for (VggLayer layer : config.layers()) {
      switch (layer.kind()) {
        case CONV -> {
          places.add(new Place(stage, number++, module));
          module += config.batchNorm() ? 3 : 2;
        }
        case POOL -> {
          stage++;
          number = 1;
          module++;
        }
        case LRN -> module++;
      }
    }
    return places;
  }

  private void convolution(Place from, List<Place> places) {
    Place to =
        places.stream()
            .filter(place -> place.stage == from.stage && place.number == from.number)
            .findFirst()
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        "%s: the net to train has no place for features.%d, convolution %d of stage %d"
                            .formatted(file.file(), from.module, from.number, from.stage)));
    layer("features." + to.module, "features." + from.module, List.of("weight", "bias"));
    if (net.batchNorm()) {
      String norm = "features." + (from.module + 1) + ".";
      NORM_PARTS.forEach(
          part -> names.put("features." + (to.module + 1) + "." + part, norm + part));
    }
  }

  private void layer(String to, String from, List<String> parts) {
    parts.forEach(part -> names.put(to + "." + part, from + "." + part));
    copied.add(to.equals(from) ? to : to + " (its " + from + ")");
  }

  private boolean hasOtherHead() {
    int classes = file.config().classes();
    boolean isOther = classes != net.classes();
    head = isOther ? "; new head: %d classes instead of %d".formatted(net.classes(), classes) : "";
    return isOther;
  }

  private void requireShapes() {
    Map<String, List<Long>> needed = TensorShapes.of(net);
    Map<String, List<Long>> given = TensorShapes.of(file.config());
    names.forEach(
        (to, from) -> {
          List<Long> shape = given.get(from);
          if (shape == null) {
            throw new InvalidInputException(
                file.file() + " lacks " + from + ", which the net to train needs");
          } else if (!needed.get(to).equals(shape)) {
            throw new InvalidInputException(
                "%s: %s has the shape %s, and %s of the net to train needs %s"
                    .formatted(file.file(), from, shape, to, needed.get(to)));
          }
        });
  }

  /** Returns what is taken, in words. */
  public String inWords() {
    return (copied.isEmpty() ? "all its weights" : String.join(", ", copied))
        + (copied.isEmpty() && !head.isEmpty() ? " but the last layer's" : "")
        + head;
  }

  /**
   * Copies the weights.
   *
   * @param vgg of the configuration that this was made for
   */
  public void into(Vgg vgg) throws IOException {
    FileTensors tensors = file.tensors();
    Predicate<String> has = name -> names.containsKey(name) && tensors.contains(names.get(name));
    new ModelTensors(vgg)
        .read(names::containsKey, has, (name, type) -> tensors.read(names.get(name), type));
  }
}
