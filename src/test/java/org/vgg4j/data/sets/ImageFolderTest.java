package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.decoding.PictureList;
import org.vgg4j.tensor.InvalidInputException;

/** Which pictures of a folder are found, in which order, and what is no folder of pictures. */
final class ImageFolderTest {
  @TempDir private Path root;
  @TempDir private Path lists;
  private final List<PictureList> opened = new ArrayList<>();

  /** Images of one pixel in place of the pictures. */
  private ImageSource open(PictureList list) {
    opened.add(list);
    int[] labels = IntStream.range(0, list.size()).map(list::label).toArray();
    ImageShape pixel = new ImageShape(1, 1, 1);
    byte[] pixels = new byte[labels.length];
    return new InMemoryImages(list.name(), pixel, list.classNames(), pixels, labels);
  }

  private void touch(String... names) throws IOException {
    for (String name : names) {
      Path file = root.resolve(name);
      Files.createDirectories(file.getParent());
      Files.createFile(file);
    }
  }

  private DataSet find(Split split) {
    DataPlaces places = new DataPlaces(null, lists, lists, lists, null, null);
    return new DataSets(places, DownloadListener.NONE, this::open).find(root.toString(), split);
  }

  private String refusal(Split split) {
    String message =
        assertThrows(InvalidInputException.class, () -> find(split).parts()).getMessage();
    assertEquals(List.of(), opened, "pictures were opened");
    assertEquals(List.of(), names(lists.resolve("lists")));
    return message;
  }

  private static List<String> names(Path folder) {
    return Files.exists(folder) ? List.of(folder.toFile().list()) : List.of(); // nothing was begun
  }

  private List<String> files(PictureList list) {
    return IntStream.range(0, list.size())
        .mapToObj(i -> list.label(i) + " " + root.relativize(list.file(i)))
        .toList();
  }

  @Test
  void partsAreListedByClassAndNestedFoldersAfterTheirOwnFiles() throws IOException {
    touch("train/b/2.jpg", "train/b/10.PNG", "train/b/deep/er/x.JpEg", "train/b/a/z.webp");
    touch("train/a/1.tif", "train/a/1.TIFF", "train/a/1.gif", "train/a/1.bmp");
    touch("val/a/v.jpg", "val/b/w.jpg", "test/a/t.jpg", "test/b/u.jpg");
    touch("train/a/.hidden.jpg", "train/a/notes.txt", "train/a/jpg", "train/.git/x.jpg");
    DataSet set = find(null);
    assertEquals(List.of("a", "b"), set.classNames());
    assertEquals(3, set.channels());
    assertTrue(set.hasPictures());
    assertEquals(root.getFileName().toString(), set.name());
    set.parts();
    assertEquals(
        List.of(
            "0 train/a/1.TIFF",
            "0 train/a/1.bmp",
            "0 train/a/1.gif",
            "0 train/a/1.tif",
            "1 train/b/10.PNG",
            "1 train/b/2.jpg",
            "1 train/b/a/z.webp",
            "1 train/b/deep/er/x.JpEg"),
        files(opened.get(0)));
    assertEquals(List.of("0 val/a/v.jpg", "1 val/b/w.jpg"), files(opened.get(1)));
    opened.clear();
    set.test();
    assertEquals(1, opened.size());
    assertEquals(List.of("0 test/a/t.jpg", "1 test/b/u.jpg"), files(opened.get(0)));
  }

  @Test
  void aTestPartStandsInForAMissingValidationPart() throws IOException {
    touch("train/a/1.jpg", "train/b/1.jpg", "test/a/t.jpg", "test/b/u.jpg");
    assertTrue(find(null).parts().test().name().endsWith("(test)"));
  }

  /** By code points: UTF-16 would have the emoji before the ligature. */
  @Test
  void namesOfAnyScriptAreSortedByCodePoints() throws IOException {
    List<String> sorted =
        List.of(
            " leading",
            "10",
            "9",
            "Z",
            "a b",
            "a-b",
            "e\u0301",
            "z",
            "\u00e9",
            "\u4e2d",
            "\ufb01",
            "\ud83d\ude00",
            "\ud83d\ude01");
    for (String name : sorted) {
      touch(name + "/" + name + ".jpg", "\u00e9/" + name + ".png");
    }
    DataSet set = find(new Split(0.5, 1));
    assertEquals(sorted, set.classNames());
    set.parts();
    List<String> expected = new ArrayList<>();
    for (String name : sorted) {
      expected.addAll(
          name.equals("\u00e9")
              ? sorted.stream()
                  .flatMap(
                      file ->
                          file.equals(name)
                              ? java.util.stream.Stream.of(file + ".jpg", file + ".png")
                              : java.util.stream.Stream.of(file + ".png"))
                  .toList()
              : List.of(name + ".jpg"));
    }
    PictureList list = opened.get(0);
    assertEquals(
        expected,
        IntStream.range(0, list.size())
            .mapToObj(i -> list.file(i).getFileName().toString())
            .toList());
    for (int i = 0; i < list.size(); i++) {
      assertTrue(Files.exists(list.file(i)), list.file(i).toString());
      assertTrue(
          list.file(i).startsWith(root.resolve(sorted.get(list.label(i)))), "of another class");
    }
  }

  @Test
  void aFolderWithoutPartsIsSplitOrWhollyToTest() throws IOException {
    for (int i = 0; i < 10; i++) {
      touch("a/" + i + ".jpg", "b/" + i + ".jpg", "b/1/" + i + ".jpg");
    }
    assertEquals(30, find(null).test().size());
    DataSet.Parts parts = find(new Split(0.2, 7)).parts();
    assertEquals(24, parts.train().size());
    assertEquals(6, parts.test().size());
    assertEquals(6, find(new Split(0.2, 7)).test().size());
    String message =
        assertThrows(InvalidInputException.class, () -> find(null).parts()).getMessage();
    assertTrue(message.contains("has no part to test on; hold out a tenth with --split"), message);
  }

  /** A class may be called train. */
  @Test
  void aClassCalledTrainIsNoPart() throws IOException {
    touch("train/1.jpg", "train/night/2.jpg", "plane/1.jpg", "car/1.jpg");
    assertEquals(List.of("car", "plane", "train"), find(null).classNames());
  }

  @Test
  void aTrainPartAloneIsSplit() throws IOException {
    touch("train/a/1.jpg", "train/b/1.jpg", "train/b/2.jpg");
    assertTrue(refusal(null).contains(root + " has no part to test on"));
    assertEquals(1, find(new Split(0.5, 1)).test().size());
  }

  @Test
  void linksAreFollowedAndLoopsAreSaid() throws IOException {
    touch("train/a/1.jpg", "train/b/2.jpg", "val/a/1.jpg", "val/b/1.jpg");
    Path elsewhere = Files.createDirectory(root.resolve(".elsewhere"));
    Files.createFile(elsewhere.resolve("3.jpg"));
    Files.createSymbolicLink(root.resolve("train/a/more"), elsewhere);
    Files.createSymbolicLink(root.resolve("train/b/one.jpg"), elsewhere.resolve("3.jpg"));
    find(null).parts();
    assertEquals(
        List.of("0 train/a/1.jpg", "0 train/a/more/3.jpg", "1 train/b/2.jpg", "1 train/b/one.jpg"),
        files(opened.get(0)));
    opened.clear();
    Path loop = Files.createSymbolicLink(elsewhere.resolve("loop"), root.resolve("train/a"));
    String message = refusal(null);
    assertTrue(
        message.contains(
            "train/a/more/loop is a symbolic link to a folder that it lies in; remove the link"),
        message);
    Files.delete(loop);
    Files.createSymbolicLink(root.resolve("train/b/up"), root);
    assertTrue(refusal(null).contains("train/b/up/train/b is a symbolic link"), refusal(null));
  }

  @Test
  void aFileThatIsNotThereIsListedForTheReaderToSay() throws IOException {
    touch("a/1.jpg", "a/2.jpg", "b/1.jpg");
    Files.createSymbolicLink(root.resolve("b/gone.jpg"), root.resolve("nowhere"));
    assertEquals(4, find(null).test().size());
  }

  @Test
  void whatIsNoFolderOfPicturesIsRefusedWithTheLayout() throws IOException {
    assertTrue(refusal(null).contains("has neither folders of pictures nor files"));
    touch("1.jpg", "2.jpg");
    assertTrue(
        refusal(null)
            .contains(
                "has 2 pictures, but no folder for each class; a folder of pictures"
                    + " has DIR/train/CLASS/..."));
    touch("cat/1.jpg");
    assertTrue(refusal(new Split(0.1, 1)).contains("has one class only, cat;"));
  }

  @Test
  void emptyClassesAreNamed() throws IOException {
    touch("train/a/1.jpg", "train/b/readme.txt", "train/c/x.pdf", "val/a/1.jpg", "val/b/1.jpg");
    touch("val/c/1.jpg");
    assertTrue(refusal(null).endsWith("of b, c: add some, or remove the class"), refusal(null));
    touch("train/b/1.jpg", "train/c/1.jpg");
    Files.delete(root.resolve("val/a/1.jpg"));
    assertTrue(refusal(null).contains("val has no pictures ("), refusal(null));
  }

  @Test
  void partsOfOtherClassesAreNamed() throws IOException {
    touch("train/a/1.jpg", "train/b/1.jpg", "val/b/1.jpg", "val/c/1.jpg");
    assertTrue(
        refusal(null).endsWith("have other classes: only train has a; only val has c"),
        refusal(null));
    Files.delete(root.resolve("val/c/1.jpg"));
    Files.delete(root.resolve("val/c"));
    assertTrue(refusal(null).endsWith("have other classes: only train has a"), refusal(null));
  }

  /** As ImageNet's makers pack it. */
  @Test
  void aPartWithoutFoldersOfClassesIsSaid() throws IOException {
    touch("train/a/1.jpg", "train/b/1.jpg", "val/1.jpg", "val/2.jpg");
    assertTrue(
        refusal(null).contains("val has 2 pictures, but no folder for each class"), refusal(null));
  }

  @Test
  void aSplitOfWhatHasPartsIsRefused() throws IOException {
    touch("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/1.jpg");
    assertTrue(refusal(new Split(0.1, 1)).contains("has already, in " + root.resolve("val")));
  }

  @Test
  void aFolderThatCannotBeReadIsNamed() throws IOException {
    touch("a/1.jpg", "b/locked/1.jpg");
    Path locked = root.resolve("b/locked");
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("---------"));
    try {
      assumeFalse(Files.isReadable(locked), "this user may read everything");
      String message =
          assertThrows(InvalidInputException.class, () -> find(null).test()).getMessage();
      assertTrue(message.contains(locked + " cannot be read: permission denied"), message);
    } finally {
      Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @ParameterizedTest
  @CsvSource({"missing, does not exist", "file, 'is a file, not a folder'"})
  void whatIsNoFolder(String name, String word) throws IOException {
    touch("file");
    DataPlaces places = new DataPlaces(null, lists, lists, lists, null, null);
    DataSets sets = new DataSets(places, DownloadListener.NONE, this::open);
    String message =
        assertThrows(
                InvalidInputException.class, () -> sets.find(root.resolve(name).toString(), null))
            .getMessage();
    assertTrue(message.contains(root.resolve(name) + " " + word), message);
    assertFalse(message.contains("\n"), message);
  }
}
