package org.vgg4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.tensor.InvalidInputException;

class PictureFolderTest {
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', 1};
  private static final byte[] JPEG = {(byte) 0xff, (byte) 0xd8, 2, 3};

  @TempDir private Path folder;

  private static Dataset<Row> rows(SparkSession spark, Row... rows) {
    StructType columns =
        new StructType().add("content", DataTypes.BinaryType).add("label", DataTypes.StringType);
    return spark.createDataFrame(List.of(rows), columns).repartition(2);
  }

  @Test
  void eachRowBecomesAFileOfItsClass() throws Exception {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
            .getOrCreate()) {
      Row rose = RowFactory.create(JPEG, "rose");
      Dataset<Row> three = rows(spark, rose, rose, RowFactory.create(PNG, "white lily"));
      Path written = folder.resolve("train");
      PictureFolder.write(three, "content", "label", written);
      assertEquals(2, files(written.resolve("rose")).size());
      List<Path> lilies = files(written.resolve("white lily"));
      assertEquals(1, lilies.size());
      assertTrue(lilies.get(0).toString().endsWith(".png"));
      assertArrayEquals(PNG, Files.readAllBytes(lilies.get(0)));
      refuse(three, "content", "label", written, "is there already");
      refuse(three, "label", "label", folder.resolve("a"), "column label is string, not binary");
      refuse(three, "content", "class", folder.resolve("b"), "no column class; there is content");
      Dataset<Row> outside = rows(spark, RowFactory.create(JPEG, "../rose"));
      SparkException failed =
          assertThrows(
              SparkException.class,
              () -> PictureFolder.write(outside, "content", "label", folder.resolve("c")));
      assertTrue(failed.toString().contains("'../rose' cannot be the folder of a class"));
    }
  }

  private static void refuse(
      Dataset<Row> rows, String content, String label, Path folder, String expected) {
    InvalidInputException refused =
        assertThrows(
            InvalidInputException.class, () -> PictureFolder.write(rows, content, label, folder));
    assertTrue(refused.getMessage().contains(expected), refused.getMessage());
  }

  private static List<Path> files(Path folder) throws Exception {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }
}
