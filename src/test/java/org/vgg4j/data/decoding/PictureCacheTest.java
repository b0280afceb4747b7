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
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.InvalidInputException;

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
      return "pets";
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
    int killedAt = Integer.MAX_VALUE;

    @Override
    public void progress(String name, int done, int total) {
      decoded += done > 0 ? 1 : 0;
      assertTrue(done <= total);
      if (done >= killedAt) {
        throw new IllegalStateException("killed");
      }
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
    assertNotEquals(checksum, open(40).limit(20).checksum());
  }

  @Test
  void aChangedFolderIsDecodedAnewAndItsOldCacheRemoved() throws IOException {
    open(40);
    open(32);
    Path other = Files.createDirectory(folder.resolve("other"));
    try (Stream<Path> all = Files.walk(caches)) {
      for (Path from : all.sorted().toList()) { // as a process would leave it that has ended
        Files.copy(
            from,
            other.resolve(caches.relativize(from).toString()),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    caches = other;
    Files.setLastModifiedTime(list.file(7), FileTime.fromMillis(1_000_000));
    open(40);
    assertEquals(3 * FILES, heard.decoded);
    assertEquals(2, made().size());
  }

  private void write(Path file, byte[] bytes) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    Files.write(file, bytes);
    Files.setLastModifiedTime(file, time);
  }

  private InvalidInputException refusal() {
    return assertThrows(InvalidInputException.class, () -> open(40));
  }

  @Test
  void aFileThatCannotBeReadIsNamedWithItsClass() throws IOException {
    byte[] whole = Files.readAllBytes(list.file(15));
    write(list.file(15), new byte[whole.length]);
    InvalidInputException refusal = refusal();
    assertEquals("onBadImage", refusal.field());
    assertEquals(
        "onBadImage stop: "
            + list.file(15)
            + " is not an image of a known kind (PNG, JPEG, WebP, GIF, BMP, TIFF) (class dog); mend"
            + " or remove it, or choose skip to leave such files out",
        refusal.getMessage());
    heard.lines.clear();

    CacheOptions skip = options(40, OnBadImage.SKIP);
    ImageSource images = PictureCache.open(list, skip, heard);
    assertEquals(1, images.leftOut());
    assertEquals(FILES - 1, images.size());
    assertArrayEquals(PictureDecoder.decode(list.file(16)).shrunk(40).values(), values(images, 15));
    List<String> lines = heard.lines.stream().filter(l -> l.contains("left out")).toList();
    assertEquals(2, lines.size(), lines.toString());
    assertTrue(lines.get(0).startsWith("left out: " + list.file(15)), lines.get(0));
    assertEquals("left out 1 of the 24 pictures of pets, which cannot be read", lines.get(1));

    // The cache is whole, but not what was asked for.
    int before = heard.decoded;
    assertEquals(refusal.getMessage(), refusal().getMessage());
    assertEquals(images.checksum(), PictureCache.open(list, skip, heard).checksum());
    assertEquals(before, heard.decoded);
    write(list.file(15), whole); // and nothing else shows it
    assertEquals(FILES, open(40).size());
    assertEquals(before + FILES, heard.decoded);
  }

  /** Half of one picture and half of another would be a picture too. */
  @Test
  void aFileThatChangesWhileItIsReadIsRefused() throws Exception {
    Path file = list.file(15);
    BufferedImage large = new BufferedImage(1500, 1500, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int p = 0; p < large.getWidth() * large.getHeight(); p++) {
      large.setRGB(p % large.getWidth(), p / large.getWidth(), random.nextInt());
    }
    assertTrue(ImageIO.write(large, "png", file.toFile())); // takes long to decode
    AtomicBoolean ends = new AtomicBoolean();
    ExecutorService writer = Executors.newSingleThreadExecutor();
    Future<Void> writing =
        writer.submit(
            () -> {
              for (long time = 1; !ends.get(); time++) {
                Files.setLastModifiedTime(file, FileTime.fromMillis(time));
              }
              return null;
            });
    try {
      assertEquals(
          "onBadImage stop: "
              + file
              + " changed while it was read (class dog); mend or remove it, or choose skip to leave"
              + " such files out",
          refusal().getMessage());
    } finally {
      ends.set(true);
      writer.shutdown();
    }
    writing.get();
    assertEquals(FILES, open(40).size());
  }

  @Test
  void nothingReadableIsNothing() throws IOException {
    for (int i = 0; i < FILES; i++) {
      Files.write(list.file(i), new byte[5]);
    }
    CacheOptions skip = options(40, OnBadImage.SKIP);
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> PictureCache.open(list, skip, heard));
    assertEquals("none of the pictures of pets can be read", refusal.getMessage());
  }

  /** What was written before is kept, if its checksum matches. */
  @Test
  void aKilledProcessIsGoneOnWith() throws IOException {
    heard.killedAt = 16;
    assertThrows(IllegalStateException.class, () -> open(40));
    CacheFiles files = new CacheFiles(made().get(0));
    assertFalse(Files.exists(files.index()));
    flip(files.partOfPixels(), Files.size(files.partOfPixels()) / 2);

    heard.killedAt = Integer.MAX_VALUE;
    ImageSource images = open(40);
    assertTrue(heard.lines.get(0).startsWith("going on with pets: 1"), heard.lines.get(0));
    for (int i = 0; i < FILES; i++) {
      assertArrayEquals(PictureDecoder.decode(list.file(i)).shrunk(40).values(), values(images, i));
    }
    assertFalse(Files.exists(files.journal()));
    assertFalse(Files.exists(files.partOfPixels()));
  }

  private static void flip(Path file, long at) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(at);
      int value = bytes.read();
      bytes.seek(at);
      bytes.write(value ^ 1);
    }
  }

  @Test
  void aDamagedIndexIsSaidAndMadeAnew() throws IOException {
    String checksum = open(40).checksum();
    Path index = new CacheFiles(made().get(0)).index();
    for (long at = 0; at < Files.size(index); at += 61) {
      Files.write(index, Files.readAllBytes(index)); // not the one in use
      flip(index, at);
      heard.lines.clear();
      assertEquals(checksum, open(40).checksum());
      assertEquals(1, heard.lines.size(), at + " " + heard.lines);
      assertTrue(heard.lines.get(0).endsWith("; decoding anew"), heard.lines.get(0));
    }
  }

  @Test
  void damagedPixelsAreSaidAndMadeAnew() throws IOException {
    ImageSource images = open(40);
    byte[] whole = values(images, 3);
    CacheFiles files = new CacheFiles(made().get(0));
    flip(files.pixels(), CacheIndex.read(files.index()).image(3).offset() + 20);
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> values(images, 3));
    assertTrue(
        refusal.getMessage().startsWith("image 3 of pets is damaged in its cache"),
        refusal.getMessage());
    assertArrayEquals(whole, values(open(40), 3));
    assertEquals(2 * FILES, heard.decoded);
  }

  @Test
  void pixelsOfAnotherLengthAreMadeAnew() throws IOException {
    String checksum = open(40).checksum();
    CacheFiles files = new CacheFiles(made().get(0));
    Files.write(files.pixels(), new byte[1], StandardOpenOption.APPEND);
    assertEquals(checksum, open(40).checksum());
    assertEquals(2 * FILES, heard.decoded);
    assertTrue(heard.lines.get(0).contains("do not belong to its index"), heard.lines.get(0));
  }

  /** One decodes, the other waits. */
  @Test
  void twoAtOnceDecodeOnce() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      Future<ImageSource> one = two.submit(() -> open(40));
      Future<ImageSource> other = two.submit(() -> open(40));
      assertEquals(one.get().checksum(), other.get().checksum());
    } finally {
      two.shutdownNow();
    }
    assertEquals(FILES, heard.decoded);
  }

  @Test
  void cachesAreListedAndRemovedUnlessTheyAreUsed() throws IOException {
    ImageSource images = open(40);
    CacheList all = new CacheList(caches);
    CacheList.Entry entry = all.entries().get(0);
    assertEquals(folder.resolve("pictures").toString(), entry.origin());
    assertEquals(FILES, entry.images());
    assertEquals(40, entry.shorterSide());
    long bytes = IntStream.range(0, FILES).mapToLong(i -> images.shape(i).bytes()).sum();
    assertTrue(entry.bytes() >= bytes + FILES * 32 && entry.bytes() < 2 * bytes);
    assertFalse(all.remove(entry));

    heard.killedAt = 3;
    assertThrows(IllegalStateException.class, () -> open(20));
    List<CacheList.Entry> both = all.entries();
    CacheList.Entry killed = both.get(both.get(0).isWhole() ? 1 : 0);
    assertFalse(killed.isWhole());
    assertTrue(all.remove(killed));
    assertEquals(1, made().size());
  }

  @Test
  void noValueCrossesASegment() {
    long end = MappedFile.SEGMENT;
    assertEquals(end - 10, MappedFile.place(end - 10, 10));
    assertEquals(end, MappedFile.place(end - 10, 11));
    assertEquals(3 * end, MappedFile.place(3 * end, 11));
  }
}
