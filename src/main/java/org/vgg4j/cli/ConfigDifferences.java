package org.vgg4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What a resumed run would do otherwise than before. Each difference must have been asked for by a
 * flag, and some things cannot change within a run.
 */
final class ConfigDifferences {
  /** The flags by which each key of the configuration is said. */
  private static final Map<String, List<String>> FLAGS =
      Map.ofEntries(
          Map.entry("net.arch", List.of("--arch", "--layers")),
          Map.entry("net.layers", List.of("--layers", "--arch")),
          Map.entry("net.batchNorm", List.of("--batch-norm")),
          Map.entry("net.channels", List.of("--channels")),
          Map.entry("net.classes", List.of("--classes")),
          Map.entry("net.imageSize", List.of("--image-size")),
          Map.entry("net.width", List.of("--width")),
          Map.entry("net.dropout", List.of("--dropout")),
          Map.entry("net.hidden", List.of("--recipe")),
          Map.entry("preprocessing", List.of("preprocessing", "--image-size", "--channels")),
          Map.entry("recipe", List.of("--recipe")),
          Map.entry("init", List.of("--init")),
          Map.entry("optimizer", List.of("--optimizer")),
          Map.entry("momentum", List.of("--momentum")),
          Map.entry("weightDecay", List.of("--weight-decay")),
          Map.entry("epochs", List.of("--epochs")),
          Map.entry("batchSize", List.of("--batch-size")),
          Map.entry("accumulate", List.of("--accumulate")),
          Map.entry("learningRate", List.of("--lr")),
          Map.entry("learningRateSchedule", List.of("--lr-schedule")),
          Map.entry("seed", List.of("--seed")),
          Map.entry("data", List.of("--data")),
          Map.entry("trainCrc32c", List.of("--data", "--train-limit")),
          Map.entry("testCrc32c", List.of("--data", "--test-limit")),
          Map.entry("trainImages", List.of("--train-limit", "--data")),
          Map.entry("testImages", List.of("--test-limit", "--data")),
          Map.entry("device", List.of("--device")),
          Map.entry("precision", List.of("--precision", "--device")),
          Map.entry("deterministic", List.of("--deterministic")),
          Map.entry("workspaceLimit", List.of("--workspace-limit", "--device")),
          Map.entry("variant", List.of("--device")));

  /** What the tensors of a checkpoint were made for. */
  private static final Set<String> FIXED =
      Set.of(
          "net.arch",
          "net.layers",
          "net.batchNorm",
          "net.channels",
          "net.classes",
          "net.imageSize",
          "net.width",
          "net.hidden",
          "preprocessing",
          "init",
          "optimizer");

  /** What a place within an epoch depends on. */
  private static final Set<String> WITHIN_AN_EPOCH =
      Set.of("batchSize", "accumulate", "seed", "trainImages", "trainCrc32c", "data");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<String> said = new ArrayList<>();
  private final List<String> refused = new ArrayList<>();

  /**
   * Compares two configurations, in what the second has.
   *
   * @param given whether a flag stands on the command line
   * @param hasCheckpoint whether there is a checkpoint to go on from
   * @param withinAnEpoch whether that is in the middle of an epoch
   */
  ConfigDifferences(
      Map<String, ?> before,
      Map<String, ?> now,
      Predicate<String> given,
      boolean hasCheckpoint,
      boolean withinAnEpoch) {
    Map<String, JsonNode> old = flat(before);
    flat(now)
        .forEach(
            (key, value) -> {
              List<String> flags = FLAGS.get(key);
              if (flags == null || value.equals(old.get(key))) {
                return;
              }
              String text =
                  "%s %s (the run: %s)".formatted(flags.get(0), text(value), text(old.get(key)));
              if (hasCheckpoint && FIXED.contains(key)) {
                refused.add(text + ", which cannot change in a run");
              } else if (flags.stream().noneMatch(given)) {
                refused.add(text);
              } else if (withinAnEpoch && WITHIN_AN_EPOCH.contains(key)) {
                refused.add(text + ", which cannot change within an epoch");
              } else {
                said.add(text);
              }
            });
  }

  private static String text(JsonNode value) {
    return value == null ? "none" : value.isContainerNode() ? value.toString() : value.asText();
  }

  private static Map<String, JsonNode> flat(Map<String, ?> map) {
    Map<String, JsonNode> result = new TreeMap<>();
    try {
      // As text has them: whether a number came from a file or from a flag makes no difference.
      flatten("", JSON.readTree(JSON.writeValueAsBytes(map)), result);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return result;
  }

  private static void flatten(String prefix, JsonNode node, Map<String, JsonNode> into) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getValue().isObject() && !entry.getKey().equals("preprocessing")) {
        flatten(prefix + entry.getKey() + ".", entry.getValue(), into);
      } else {
        into.put(prefix + entry.getKey(), entry.getValue());
      }
    }
  }

  /**
   * Refuses differences that were not asked for or cannot be.
   *
   * @throws InvalidInputException listing them
   */
  void require() {
    if (refused.isEmpty()) {
      return;
    }
    throw new InvalidInputException(
        "--resume: the hyper-parameters differ from the run's: "
            + String.join("; ", refused)
            + "; leave them out, or say on the command line each that can change");
  }

  /** Returns the differences that were asked for, a text each. */
  List<String> said() {
    return said;
  }
}
