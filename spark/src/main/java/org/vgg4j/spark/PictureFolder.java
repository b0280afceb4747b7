package org.vgg4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Images of a DataFrame as a folder of pictures, one folder a class, which {@code --data} takes.
 * Each executor writes its own part, so the folder must be on storage that all see. A training
 * reads any image at any step, which no DataFrame can give.
 */
public final class PictureFolder {
  private PictureFolder() {}

  /**
   * Writes the pictures, and waits.
   *
   * @param pictures whose rows are written; no order of rows matters
   * @param content the column with a picture file's bytes, as Spark's binaryFile reads them
   * @param label the column with the name of its class, as text
   * @param folder is made; must not be there
   * @throws InvalidInputException when a column is missing or another type, or the folder is there
   */
  public static void write(Dataset<Row> pictures, String content, String label, Path folder)
      throws IOException {
    require(pictures, content, "binary", DataTypes.BinaryType.typeName());
    require(pictures, label, "text", DataTypes.StringType.typeName());
    if (Files.exists(folder)) {
      throw new InvalidInputException(folder + " is there already; name another folder");
    }
    Files.createDirectories(folder);
    String target = folder.toAbsolutePath().toString();
    Dataset<Row> numbered =
        pictures.select(
            pictures.col(content),
            pictures.col(label),
            functions.monotonically_increasing_id()); // the same in a task that is tried again
    numbered.foreachPartition(new Part(target));
  }

  private static void require(Dataset<Row> pictures, String column, String what, String type) {
    if (!List.of(pictures.columns()).contains(column)) {
      throw new InvalidInputException(
          "no column %s; there is %s".formatted(column, String.join(", ", pictures.columns())));
    }
    String found = pictures.schema().apply(column).dataType().typeName();
    if (!found.equals(type)) {
      throw new InvalidInputException("column %s is %s, not %s".formatted(column, found, what));
    }
  }

  /** What an executor writes. */
  private record Part(String folder) implements ForeachPartitionFunction<Row>, Serializable {
    @Override
    public void call(Iterator<Row> rows) {
      rows.forEachRemaining(row -> write(row.<byte[]>getAs(0), row.getString(1), row.getLong(2)));
    }

    private void write(byte[] picture, String label, long number) {
      if (picture == null || label == null) {
        throw new InvalidInputException("row %d has no picture or no label".formatted(number));
      }
      if (label.isBlank() || label.startsWith(".") || label.matches(".*[/\\\\\\p{Cc}].*")) {
        throw new InvalidInputException(
            "row %d: '%s' cannot be the folder of a class".formatted(number, label));
      }
      try {
        Path place = Files.createDirectories(Path.of(folder, label));
        Files.write(place.resolve("%019d.%s".formatted(number, kind(picture))), picture);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String kind(byte[] picture) {
      if (picture.length > 3 && picture[0] == (byte) 0x89 && picture[1] == 'P') {
        return "png";
      }
      boolean isWebp = picture.length > 12 && picture[0] == 'R' && picture[8] == 'W';
      return isWebp ? "webp" : "jpg";
    }
  }
}
