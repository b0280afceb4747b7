package org.vgg4j.paper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vgg4j.evaluation.Posteriors;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.SafeTensorsWriter;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The posteriors of tests on disk, each written whole or not at all, so that a study goes on where
 * it was interrupted. A file belongs to one model and to one set of test images.
 */
final class TestStore {
  private static final String MODEL = "model";
  private static final String IMAGES = "images";
  private static final String POSTERIORS = "posteriors";
  private static final String LABELS = "labels";

  private TestStore() {}

  /**
   * What posteriors belong to.
   *
   * @param model the SHA-256 of the model's file
   * @param images the checksum of the images
   */
  record Origin(String model, String images) {
    private Map<String, String> metadata() {
      return Map.of(MODEL, model, IMAGES, images);
    }
  }

  /** Returns posteriors that were kept, null where there are none of this origin. */
  static Posteriors find(Path path, Origin origin) throws IOException {
    if (!Files.exists(path)) {
      return null;
    }
    try (SafeTensorsReader reader = SafeTensorsReader.open(path)) {
      reader.verify();
      if (!reader.metadata().entrySet().containsAll(origin.metadata().entrySet())) {
        return null;
      }
      List<Long> shape = reader.tensor(POSTERIORS).shape();
      int images = Math.toIntExact(shape.get(0));
      int classes = Math.toIntExact(shape.get(1));
      ByteBuffer labels = reader.read(LABELS, SafeTensorType.I32);
      ByteBuffer values = reader.read(POSTERIORS, SafeTensorType.F32);
      int[] classOf = new int[images];
      double[][] rows = new double[images][classes];
      for (int i = 0; i < images; i++) {
        classOf[i] = labels.getInt(i * Integer.BYTES);
        for (int c = 0; c < classes; c++) {
          rows[i][c] = values.getFloat((i * classes + c) * Float.BYTES);
        }
      }
      return new Posteriors(classOf, rows);
    } catch (InvalidInputException e) {
      return null; // damaged: it is tested again
    }
  }

  /** Keeps posteriors. */
  static void keep(Path path, Origin origin, Posteriors posteriors) throws IOException {
    int images = posteriors.images();
    int classes = posteriors.classes();
    ByteBuffer values = buffer(Math.multiplyExact(images * classes, Float.BYTES));
    ByteBuffer labels = buffer(images * Integer.BYTES);
    for (int i = 0; i < images; i++) {
      labels.putInt(posteriors.label(i));
      for (double value : posteriors.row(i)) {
        values.putFloat((float) value);
      }
    }
    Files.createDirectories(path.getParent());
    SafeTensorsWriter.write(
        path,
        List.of(
            SafeTensor.of(POSTERIORS, SafeTensorType.F32, values.flip(), images, classes),
            SafeTensor.of(LABELS, SafeTensorType.I32, labels.flip(), images)),
        origin.metadata());
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
