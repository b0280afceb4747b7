package org.vgg4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.FeatureExtractor;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsWriter;
import org.vgg4j.io.StreamedTensor;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The features of labelled images, written as they are computed: no more than a batch is held.
 *
 * @param vgg a net without its last layer
 * @param preprocessing how an image becomes its input
 * @param parts the images, by the name of their part
 * @param done takes how many images are done
 */
record FeatureFile(
    Vgg vgg, Preprocessing preprocessing, Map<String, ImageSource> parts, LongConsumer done) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Characters; a header has at most 100 MB, and a character up to 6 bytes in it. */
  private static final int MOST_NAMES = 16_000_000;

  private static final int BUFFER_BYTES = 1 << 18;

  private int width() {
    return vgg.config().hiddenFeatures();
  }

  private long count() {
    return parts.values().stream().mapToLong(ImageSource::size).sum();
  }

  private List<String> classNames() {
    return parts.values().iterator().next().classNames();
  }

  /** Receives the features of each image, as {@link FeatureExtractor.Consumer} does. */
  private interface Rows {
    void accept(String part, int image, int label, float[] features) throws IOException;
  }

  /** Runs the net over all parts, one after the other. */
  private void run(Rows rows) throws IOException {
    long[] count = new long[1];
    for (Map.Entry<String, ImageSource> part : parts.entrySet()) {
      int[] image = new int[1];
      FeatureExtractor.run(
          vgg,
          preprocessing,
          part.getValue(),
          (label, features) -> {
            rows.accept(part.getKey(), image[0]++, label, features);
            done.accept(++count[0]);
          });
    }
  }

  /** Returns the name of an image, and where it has none its part and number: train/17. */
  private String name(String part, int image) {
    String name = parts.get(part).imageName(image);
    return name == null ? part + "/" + image : name;
  }

  /**
   * Writes features (N, D) F32 and labels (N) I32. The metadata hold the classes, how many images
   * each part has, and the images' names if they have any.
   */
  void writeSafeTensors(Path file) throws IOException {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    parts.forEach((name, images) -> sizes.put(name, images.size()));
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("vgg4j.classes", JSON.writeValueAsString(classNames()));
    metadata.put("vgg4j.parts", JSON.writeValueAsString(sizes));
    if (parts.values().stream().anyMatch(images -> images.imageName(0) != null)) {
      String names = JSON.writeValueAsString(names());
      if (names.length() > MOST_NAMES) {
        throw new InvalidInputException(
            "the names of %d images are too long for a header of safetensors; write a .csv"
                .formatted(count()));
      }
      metadata.put("vgg4j.images", names);
    }
    ByteBuffer row = ByteBuffer.allocate(width() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    StreamedTensor features =
        new StreamedTensor(
            new SafeTensorSpec("features", SafeTensorType.F32, List.of(count(), (long) width())),
            sink ->
                run(
                    (part, image, label, values) -> {
                      row.clear().asFloatBuffer().put(values);
                      sink.accept(row);
                    }));
    StreamedTensor labels =
        new StreamedTensor(
            new SafeTensorSpec("labels", SafeTensorType.I32, List.of(count())), this::labels);
    SafeTensorsWriter.writeStreamed(
        file, List.of(features, labels), metadata, FileOperations.SYSTEM);
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    parts.forEach(
        (part, images) -> {
          for (int image = 0; image < images.size(); image++) {
            names.add(name(part, image));
          }
        });
    return names;
  }

  private void labels(StreamedTensor.Sink sink) throws IOException {
    ByteBuffer label = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (ImageSource images : parts.values()) {
      for (int image = 0; image < images.size(); image++) {
        label.putInt(images.label(image));
        if (!label.hasRemaining()) {
          sink.accept(label.flip());
          label.clear();
        }
      }
    }
    sink.accept(label.flip());
  }

  /** Writes a line for each image: its name or number, its label and class, and its features. */
  void writeCsv(Path file) throws IOException {
    CsvFile.write(file, this::csv);
  }

  private void csv(CsvFile lines) throws IOException {
    lines.cell("image").cell("label").cell("class");
    for (int i = 0; i < width(); i++) {
      lines.cell("f" + i);
    }
    lines.end();
    List<String> classes = classNames();
    run(
        (part, image, label, values) -> {
          lines.cell(name(part, image)).cell(Integer.toString(label)).cell(classes.get(label));
          for (float value : values) {
            lines.cell(Float.toString(value));
          }
          lines.end();
        });
  }
}
