package org.vgg4j.data.decoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;

/** Pictures are decoded once, and what is read later is what was decoded. */
final class PictureCacheTest {
  private static final int FILES = 24;

  @TempDir private Path folder;
  private Path caches;
  private final Heard heard = new Heard();

  /** Files of two classes, a half each. */
  private record Labelled(List<Path> files) implements PictureList {
    @Override
    public String name() {
      return "the pictures";
    }

    @Override
    public List<String> classNames() {
      return List.of("cat", "dog");
    }

    @Override
    public int size() {
      return files.size();
    }

    @Override
    public Path file(int index) {
      return files.get(index);
    }

    @Override
    public int label(int index) {
      return 2 * index / files.size();
    }
  }

  private static final class Heard implements DecodingListener {
    final List<String> lines = new ArrayList<>();
    int decoded; // images, in all

    @Override
    public void progress(String name, int done, int total) {
      decoded += done > 0 ? 1 : 0;
      assertTrue(done <= total);
    }

    @Override
    public void report(String line) {
      lines.add(line);
    }
  }

  private PictureList list;

  @BeforeEach
  void writePictures() throws IOException {
    caches = folder.resolve("caches");
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      boolean grey = i % 5 == 0;
      BufferedImage image =
          new BufferedImage(
              30 + i, 80 - i, grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < image.getWidth() * image.getHeight(); p++) {
        image.setRGB(p % image.getWidth(), p / image.getWidth(), (p + i) * 7919 * 31);
      }
      Path file = pictures.resolve(i + ".png");
      assertTrue(ImageIO.write(image, "png", file.toFile()));
      files.add(file);
    }
    list = new Labelled(files);
  }

  private CacheOptions options(int shorterSide, OnBadImage onBadImage) {
    return new CacheOptions(caches, shorterSide, onBadImage, 3);
  }

  private ImageSource open(int shorterSide) {
    return PictureCache.open(list, options(shorterSide, OnBadImage.STOP), heard);
  }

  private static byte[] values(ImageSource images, int image) {
    byte[] values = new byte[images.shape(image).bytes()];
    images.read(image, ByteBuffer.wrap(values), 0);
    return values;
  }

  /** The caches, each a folder. */
  private List<Path> made() throws IOException {
    try (Stream<Path> all = Files.list(caches)) {
      return all.filter(Files::isDirectory).toList();
    }
  }

  @Test
  void imagesAreThePicturesInOrder() {
    ImageSource images = open(CacheOptions.FULL);
    assertEquals(FILES, images.size());
    assertEquals(list.classNames(), images.classNames());
    assertNull(images.commonShape());
    for (int i = 0; i < FILES; i++) {
      Picture picture = PictureDecoder.decode(list.file(i));
      assertEquals(
          new ImageShape(picture.channels(), picture.height(), picture.width()), images.shape(i));
      assertArrayEquals(picture.values(), values(images, i));
      assertEquals(list.label(i), images.label(i));
    }
    assertThrows(IndexOutOfBoundsException.class, () -> images.label(FILES));
  }

  @Test
  void theShorterSideIsScaledDown() {
    ImageSource images = open(40);
    assertEquals(new ImageShape(1, 80, 30), images.shape(0)); // never up
    assertEquals(new ImageShape(3, 49, 40), images.shape(16 + 3)); // 61 x 49
    assertArrayEquals(PictureDecoder.decode(list.file(19)).shrunk(40).values(), values(images, 19));
  }

  @Test
  void nothingIsDecodedTwice() throws IOException {
    String before = open(40).checksum();
    assertEquals(FILES, heard.decoded);
    assertEquals(before, open(40).checksum());
    assertEquals(FILES, heard.decoded);
    assertEquals(List.of(), heard.lines);
    open(32);
    assertEquals(2 * FILES, heard.decoded);
    assertEquals(2, made().size());
  }

  /** The order in which threads come makes no difference. */
  @Test
  void theChecksumIsOfTheImages() {
    String checksum = open(40).checksum();
    CacheOptions elsewhere = new CacheOptions(folder.resolve("others"), 40, OnBadImage.STOP, 1);
    assertEquals(checksum, PictureCache.open(list, elsewhere, heard).checksum());
    assertNotEquals(checksum, open(39).checksum());
    ImageSource some = open(40).limit(20);
    List<Path> files = IntStream.range(0, 20).mapToObj(list::file).toList();
    assertFalse(some.checksum().equals(checksum));
    assertEquals(20, files.size());
  }

  @Test
  void aChangedFolderIsDecodedAnew() throws IOException {
    open(40);
    Files.setLastModifiedTime(list.file(7), FileTime.fromMillis(1_000_000));
    open(40);
    assertEquals(2 * FILES, heard.decoded);
  }
}
