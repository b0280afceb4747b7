package org.vgg4j.run;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.vgg4j.io.ContentHash;
import org.vgg4j.io.FileChecksums;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingState;

/**
 * The small file that makes a checkpoint valid: where the training stood, its configuration, and
 * what the files of the tensors must hold. It is written last and carries a hash of itself.
 *
 * @param format the version of this form
 * @param number the checkpoint's number in its run
 * @param testAccuracy of exactly these weights; null unless an epoch has just ended
 * @param state where the training stood
 * @param config the run's configuration: recipe, seed, engine and its variant, library version
 * @param files the files of the tensors by name
 */
record CheckpointManifest(
    int format,
    long number,
    Double testAccuracy,
    TrainingState state,
    Map<String, Object> config,
    Map<String, FileChecksums> files) {

  static final int FORMAT = 2;

  /** What comes before the hash, which ends the file. */
  private static final String HASH_KEY = ",\n\"sha256\" : \"";

  private static final String END = "\"}\n";
  private static final int DIGITS = 64;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** Returns the manifest as a file: JSON that ends in the SHA-256 of all bytes before that. */
  byte[] encode() {
    try {
      String body = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this).stripTrailing();
      body = body.substring(0, body.length() - 1).stripTrailing() + HASH_KEY;
      return (body + ContentHash.sha256(body) + END).getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a manifest did not say in earlier versions counts as none, or as not known. */
  private static JsonNode completed(JsonNode manifest) {
    if (manifest.path("state") instanceof ObjectNode state) {
      state.putIfAbsent("waitSeconds", DoubleNode.valueOf(0));
      state.putIfAbsent("rankTotals", JsonNodeFactory.instance.arrayNode());
    }
    if (manifest.path("state").path("totals") instanceof ObjectNode totals) {
      // Only that of the test set is told, whose totals are never kept.
      totals.putIfAbsent("inTopFive", IntNode.valueOf(0));
    }
    for (JsonNode epoch : manifest.path("state").path("finished")) {
      for (RecordComponent part : EpochMetrics.class.getRecordComponents()) {
        if (!part.getType().isPrimitive() && epoch instanceof ObjectNode known) {
          known.putIfAbsent(part.getName(), NullNode.getInstance());
        }
      }
    }
    return manifest;
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws InvalidInputException saying what is wrong with the bytes
   */
  static CheckpointManifest decode(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.length() - END.length() - DIGITS;
    if (end < 0 || !text.endsWith(END) || !text.startsWith(HASH_KEY, end - HASH_KEY.length())) {
      throw new InvalidInputException("the manifest is cut off or no manifest");
    }
    String body = text.substring(0, end);
    if (!text.startsWith(ContentHash.sha256(body), end)) {
      throw new InvalidInputException("the manifest does not match its SHA-256");
    }
    try {
      String json = body.substring(0, body.length() - HASH_KEY.length()) + "}";
      CheckpointManifest manifest =
          JSON.treeToValue(completed(JSON.readTree(json)), CheckpointManifest.class);
      if (manifest.format != FORMAT) {
        throw new InvalidInputException(
            "the manifest has format " + manifest.format + ", not " + FORMAT);
      }
      return manifest;
    } catch (IOException e) {
      throw new InvalidInputException("the manifest cannot be read: " + e.getMessage(), e);
    }
  }
}
