package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

/** Sets in MNIST's form: files of any names, sizes and classes. */
final class IdxSetTest {
  @TempDir private Path root;

  /** As many images as labels, of 2 rows and 3 columns each, unzipped. */
  private static void write(Path folder, String prefix, String test, int... labels)
      throws IOException {
    Files.createDirectories(folder);
    byte[] bytes = new byte[labels.length];
    for (int i = 0; i < labels.length; i++) {
      bytes[i] = (byte) labels[i];
    }
    byte[] pixels = new byte[6 * labels.length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) i;
    }
    for (String part : List.of("train", test)) {
      Files.write(
          folder.resolve(prefix + part + "-images-idx3-ubyte"),
          TinyIdx.content(0x0803, new int[] {labels.length, 2, 3}, pixels));
      TinyIdx.write(
          folder.resolve(prefix + part + "-labels-idx1-ubyte.gz"),
          0x0801,
          new int[] {labels.length},
          bytes);
    }
  }

  private DataSet find(Path folder) {
    DataPlaces places = new DataPlaces(null, root, root, root.resolve("sample"), null, null);
    return new DataSets(places, DownloadListener.NONE, null).find(folder.toString(), null);
  }

  private String refusal(Path folder) {
    return assertThrows(InvalidInputException.class, () -> find(folder)).getMessage();
  }

  @Test
  void labelsAreTheClassesAndNamesAreNumbers() throws IOException {
    Path folder = root.resolve("kuzushiji");
    write(folder, "", "t10k", 7, 3, 200);
    DataSet set = find(folder);
    assertEquals("kuzushiji", set.name());
    assertEquals(List.of("3", "7", "200"), set.classNames());
    assertEquals(1, set.channels());
    DataSet.Parts parts = set.parts();
    assertEquals(List.of(1, 0, 2), List.of(0, 1, 2).stream().map(parts.train()::label).toList());
    assertEquals(new ImageShape(1, 2, 3), parts.test().commonShape());
    assertArrayEquals(new byte[] {6, 7, 8, 9, 10, 11}, Images.bytes(parts.test(), 1));
  }

  @Test
  void emnistIsTurnedAndHasTheNamesOfItsMapping() throws IOException {
    Path folder = root.resolve("gzip");
    write(folder, "emnist-letters-", "test", 1, 2);
    Files.writeString(folder.resolve("emnist-letters-mapping.txt"), "1 65 97 \n2 66 98\n\n3 50\n");
    DataSet set = find(folder);
    assertEquals("emnist-letters", set.name());
    assertEquals(List.of("A/a", "B/b", "2"), set.classNames());
    DataSet.Parts parts = set.parts();
    assertEquals(new ImageShape(1, 3, 2), parts.train().commonShape());
    assertArrayEquals(new byte[] {0, 3, 1, 4, 2, 5}, Images.bytes(parts.train(), 0));
    assertArrayEquals(new byte[] {6, 9, 7, 10, 8, 11}, Images.bytes(parts.train(), 1));
  }

  @Test
  void oneOfSeveralSetsIsNamed() throws IOException {
    Path folder = root.resolve("gzip");
    write(folder, "emnist-digits-", "test", 0, 1);
    write(folder, "emnist-letters-", "test", 1, 2);
    String message = refusal(folder);
    assertTrue(
        message.endsWith(
            "holds several data sets: emnist-digits, emnist-letters; name one, such as "
                + folder.resolve("emnist-letters")),
        message);
    assertEquals("emnist-digits", find(folder.resolve("emnist-digits")).name());
    assertTrue(refusal(folder.resolve("emnist-other")).contains("does not exist"));
  }

  @Test
  void fashionMnistIsKnownByTheFoldersName() throws IOException {
    Path folder = TinyIdx.folder(root.resolve("My-Fashion"), 20, 10);
    assertEquals("fashion-mnist", find(folder).name());
    assertEquals(FashionMnist.CLASS_NAMES, find(folder).classNames());
    Path other = TinyIdx.folder(root.resolve("other"), 20, 10);
    assertEquals("other", find(other).name());
    assertEquals("9", find(other).classNames().get(9));
  }

  @Test
  void fashionMnistIsKnownByItsLabels() throws IOException {
    Path folder = Files.createDirectory(root.resolve("any"));
    for (String name : FashionMnistFiles.names()) {
      Files.createSymbolicLink(folder.resolve(name), FashionMnistTest.realSet().resolve(name));
    }
    assertEquals("fashion-mnist", find(folder).name());
  }

  @Test
  void whatIsMissingIsSaid() throws IOException {
    Path folder = root.resolve("cut");
    write(folder, "k-", "t10k", 0, 1);
    Files.delete(folder.resolve("k-t10k-images-idx3-ubyte"));
    String message = refusal(folder);
    assertTrue(message.contains(folder + " lacks the file of test images;"), message);
    assertTrue(message.contains("k-t10k-images-idx3-ubyte.gz"), message);
  }

  @Test
  void aLabelOfTheTestSetThatNoTrainingImageHasIsRefused() throws IOException {
    Path folder = root.resolve("odd");
    write(folder, "", "test", 0, 1);
    Path labels = folder.resolve("test-labels-idx1-ubyte.gz");
    TinyIdx.write(labels, 0x0801, new int[] {2}, new byte[] {1, 5});
    assertEquals(
        labels + ": label 5 of image 1 is none of the 2 classes, which are 0, 1", refusal(folder));
    write(folder, "", "test", 4, 4);
    assertTrue(refusal(folder).endsWith("has one class only, 4; a net needs at least two"));
  }

  @ParameterizedTest
  @CsvSource({"a 65", "0", "0 -5", "300 65", "0 9999999"})
  void mappingsThatAreNone(String line) throws IOException {
    Path folder = root.resolve("m");
    write(folder, "", "test", 0, 1);
    Files.writeString(folder.resolve("mapping.txt"), "1 66\n" + line + "\n");
    assertTrue(refusal(folder).contains("mapping.txt, line 2 is not a label"), refusal(folder));
    Files.writeString(folder.resolve("mapping.txt"), "1 66\n1 67\n");
    assertTrue(refusal(folder).contains("mapping.txt, line 2 is not a label"), refusal(folder));
    Files.writeString(folder.resolve("mapping.txt"), "\n");
    assertTrue(refusal(folder).contains("names no class"), refusal(folder));
  }

  @Test
  void aSplitIsRefused() throws IOException {
    Path folder = root.resolve("s");
    write(folder, "", "test", 0, 1);
    DataPlaces places = new DataPlaces(null, root, root, root.resolve("sample"), null, null);
    DataSets sets = new DataSets(places, DownloadListener.NONE, null);
    for (String data : List.of(folder.toString(), "cifar10", "sample")) {
      String message =
          assertThrows(InvalidInputException.class, () -> sets.find(data, new Split(0.1, 1)))
              .getMessage();
      assertTrue(message.contains(data + " has its own part to test on"), message);
    }
  }
}
