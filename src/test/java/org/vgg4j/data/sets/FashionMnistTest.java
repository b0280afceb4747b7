package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

/** Which set is loaded from where; each place's has as many training images as its number says. */
@Timeout(120)
class FashionMnistTest {
  private static final int NAMED = 11;
  private static final int CACHED = 12;
  private static final int SYSTEM = 13;
  private static final int SAMPLED = 14;
  private static final int GIVEN = 15;
  private static final int TEST = 3;

  @TempDir Path root;
  private Path named;
  private Path cache;
  private Path system;
  private Path sample;
  private DataPlaces offline;

  @BeforeEach
  void places() throws IOException {
    named = root.resolve("named");
    cache = root.resolve("caches").resolve("fashion-mnist");
    system = root.resolve("system");
    sample = root.resolve("sample");
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI nobody = URI.create("http://127.0.0.1:" + closed.getLocalPort() + "/");
      offline = new DataPlaces(null, cache.getParent(), system, sample, nobody, nobody);
    }
  }

  @Test
  void theFirstPlaceThatHasTheSetWins() throws IOException {
    DataPlaces places = withNamed();
    TinyIdx.folder(sample, SAMPLED, TEST);
    assertLoads(SAMPLED, sample, true, null, offline);
    TinyIdx.folder(system, SYSTEM, TEST);
    assertLoads(SYSTEM, system, false, null, offline);
    TinyIdx.folder(cache, CACHED, TEST);
    assertLoads(CACHED, cache, false, null, offline);
    TinyIdx.folder(named, NAMED, TEST);
    assertLoads(NAMED, named, false, null, places);
    assertLoads(NAMED, named, false, "fashion-mnist", places);
    Path below = TinyIdx.folder(named.resolve("fashion-mnist"), NAMED + 10, TEST);
    assertLoads(NAMED + 10, below, false, null, places);
    assertLoads(SAMPLED, sample, true, "sample", places);
    Path given = TinyIdx.folder(root.resolve("given"), GIVEN, TEST);
    assertLoads(GIVEN, given, false, given.toString(), places);
  }

  @Test
  void aPlaceThatLacksAFileIsPassedOver() throws IOException {
    TinyIdx.folder(cache, CACHED, TEST);
    TinyIdx.folder(system, SYSTEM, TEST);
    Files.delete(cache.resolve("t10k-labels-idx1-ubyte.gz"));
    assertLoads(SYSTEM, system, false, null, offline);
    Files.createDirectory(cache.resolve("t10k-labels-idx1-ubyte.gz"));
    assertLoads(SYSTEM, system, false, null, offline);
  }

  /** What the user named is not passed over in silence, even where another place has the set. */
  @Test
  void aMistakeInTheEnvironmentIsRefused() throws IOException {
    TinyIdx.folder(system, SYSTEM, TEST);
    DataPlaces places = withNamed();
    assertContains(refusal(null, places), "VGG4J_DATA " + named + " is not a folder;");
    assertContains(refusal("fashion-mnist", places), "VGG4J_DATA " + named + " is not a folder;");
    TinyIdx.folder(named, NAMED, TEST);
    Files.delete(named.resolve("t10k-images-idx3-ubyte.gz"));
    assertContains(
        refusal(null, places), "VGG4J_DATA " + named + " lacks t10k-images-idx3-ubyte.gz;");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz"
      })
  void aGivenFolderThatLacksAFileIsRefused(String name) throws IOException {
    TinyIdx.folder(system, SYSTEM, TEST);
    TinyIdx.folder(sample, SAMPLED, TEST);
    Files.delete(TinyIdx.folder(named, GIVEN, TEST).resolve(name));
    String message = refusal(named.toString(), offline);
    assertContains(message, "data " + named + " lacks " + name + ";");
    assertContains(message, "package dataset-fashion-mnist");
    Files.delete(sample.resolve(name));
    assertContains(refusal("sample", offline), sample + " lacks " + name + ";");
  }

  @Test
  void aGivenFolderThatLacksMoreNamesThemAll() throws IOException {
    Files.createDirectory(named);
    String message = refusal(named.toString(), offline);
    assertContains(message, " lacks " + String.join(", ", FashionMnistFiles.names()) + ";");
  }

  @Test
  void aGivenFolderThatIsNotThereIsRefused() throws IOException {
    TinyIdx.folder(sample, SAMPLED, TEST);
    assertContains(refusal(named.toString(), offline), "data " + named + " is not a folder;");
    Files.writeString(named, "a file");
    assertContains(refusal(named.toString(), offline), "data " + named + " is not a folder;");
    assertContains(refusal("no\0name", offline), "data cannot name a folder");
  }

  @Test
  void aSampleThatIsNotThereIsRefused() throws IOException {
    TinyIdx.folder(system, SYSTEM, TEST);
    assertContains(refusal("sample", offline), sample + " is not a folder");
  }

  /** By name, and where there is no sample either. */
  @Test
  void offlineTheMessageSaysWhereAndWhat() throws IOException {
    assertTellsAll(refusal(null, offline));
    assertContains(refusal(null, offline), sample.toString());
    TinyIdx.folder(sample, SAMPLED, TEST);
    assertTellsAll(refusal("fashion-mnist", offline));
  }

  @Test
  void aCacheThatCannotBeMadeIsSaid() throws IOException {
    Files.createDirectories(cache.getParent());
    Files.writeString(cache, "a file in its place");
    TinyIdx.folder(sample, SAMPLED, TEST);
    String message = refusal("fashion-mnist", offline);
    assertContains(message, "cannot be downloaded (FileAlreadyExistsException: " + cache + ")");
    assertLoads(SAMPLED, sample, true, null, offline);
  }

  @Test
  void whatAServerSendsInsteadIsNotKept() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] other = TinyIdx.gzip(new byte[1000]);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, other.length);
          exchange.getResponseBody().write(other);
          exchange.close();
        });
    server.start();
    try {
      TinyIdx.folder(sample, SAMPLED, TEST);
      DataPlaces online = at(server);
      assertContains(
          refusal("fashion-mnist", online), "sent content with SHA-256 541b3e9daa09b20b");
      assertLoads(SAMPLED, sample, true, null, online);
      assertEquals(List.of(), names(cache));
    } finally {
      server.stop(0);
    }
  }

  /** Three files are in the cache already, so only the smallest is asked for. */
  @Test
  void onlyWhatIsMissingIsDownloaded() throws IOException {
    Path real = realSet();
    String missing = "t10k-labels-idx1-ubyte.gz";
    Files.createDirectories(cache);
    for (String name : FashionMnistFiles.names()) {
      if (!name.equals(missing)) {
        Files.createFile(cache.resolve(name));
      }
    }
    List<String> asked = Collections.synchronizedList(new ArrayList<>());
    List<String> heard = new ArrayList<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.add(exchange.getRequestURI().getPath());
          byte[] body = Files.readAllBytes(real.resolve(missing));
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      FashionMnistFiles.Found found =
          FashionMnistFiles.findOrDownload(at(server), (file, done, total) -> heard.add(file));
      assertEquals(new FashionMnistFiles.Found(cache, null), found);
    } finally {
      server.stop(0);
    }
    assertEquals(List.of("/" + missing), asked);
    assertEquals(List.of(missing), heard.stream().distinct().toList());
    assertEquals(FashionMnistFiles.names(), names(cache));
    assertEquals(-1, Files.mismatch(real.resolve(missing), cache.resolve(missing)));
  }

  @Test
  void countsThatDifferAreRefused() throws IOException {
    TinyIdx.folder(named, GIVEN, TEST);
    TinyIdx.labels(named, "train", GIVEN + 1);
    String message = refusal(named.toString(), offline);
    assertContains(message, "train-images-idx3-ubyte.gz has 15 images but ");
    assertContains(message, "train-labels-idx1-ubyte.gz has 16 labels");
    TinyIdx.folder(named, GIVEN, TEST);
    TinyIdx.images(named, "t10k", TEST + 1);
    assertContains(refusal(named.toString(), offline), "t10k-images-idx3-ubyte.gz has 4 images");
  }

  @Test
  void aLabelOfNoClassIsRefusedWithItsFile() throws IOException {
    TinyIdx.folder(named, GIVEN, TEST);
    Path labels = named.resolve("t10k-labels-idx1-ubyte.gz");
    TinyIdx.write(labels, 0x0801, new int[] {3}, new byte[] {9, 0, 10});
    String message = refusal(named.toString(), offline);
    assertContains(message, labels + ": ");
    assertContains(message, "label 10 of image 2 is not in 0..9");
  }

  /** A damaged set is an error: it must not end in another set's figures. */
  @Test
  void aDamagedSetIsNotPassedOver() throws IOException {
    TinyIdx.folder(cache, CACHED, TEST);
    TinyIdx.folder(system, SYSTEM, TEST);
    TinyIdx.folder(sample, SAMPLED, TEST);
    Path damaged = cache.resolve("train-images-idx3-ubyte.gz");
    Files.writeString(damaged, "no gzip");
    assertContains(refusal(null, offline), damaged.toString());
  }

  @Test
  void imagesAndLabelsAreThoseOfTheFiles() throws IOException {
    TinyIdx.folder(named, GIVEN, TEST);
    FashionMnist data = FashionMnist.load(named.toString(), offline, DownloadListener.NONE);
    assertEquals(new ImageShape(1, 3, 2), data.train().commonShape());
    assertEquals(FashionMnist.CLASS_NAMES, data.train().classNames());
    assertEquals(10, data.test().classNames().size());
    assertImages(data.train(), TinyIdx.noise(GIVEN * 6, "train".length()));
    assertImages(data.test(), TinyIdx.noise(TEST * 6, "t10k".length()));
    for (int i = 0; i < GIVEN; i++) {
      assertEquals(i % 10, data.train().label(i));
    }
  }

  private static void assertImages(ImageSource source, byte[] all) {
    assertEquals(all.length, 6 * source.size());
    for (int i = 0; i < source.size(); i++) {
      assertArrayEquals(Arrays.copyOfRange(all, 6 * i, 6 * i + 6), Images.bytes(source, i));
    }
  }

  static Path realSet() {
    Path real = Path.of("/usr/share/datasets/fashion-mnist");
    Assumptions.assumeTrue(FashionMnistFiles.areIn(real), "the real set is not installed");
    return real;
  }

  private DataPlaces withNamed() {
    return new DataPlaces(
        named, cache.getParent(), system, sample, offline.fashionMnist(), offline.cifar());
  }

  private DataPlaces at(HttpServer server) {
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    return new DataPlaces(null, cache.getParent(), system, sample, address, address);
  }

  private static void assertLoads(
      int train, Path folder, boolean isSample, String data, DataPlaces places) {
    FashionMnist loaded = FashionMnist.load(data, places, DownloadListener.NONE);
    assertEquals(folder, loaded.folder());
    assertEquals(train, loaded.train().size());
    assertEquals(TEST, loaded.test().size());
    assertEquals(isSample, loaded.isSample());
    assertEquals(isSample, loaded.train().name().contains("sample"));
    assertFalse(loaded.train().name().equals(loaded.test().name()));
  }

  private void assertTellsAll(String message) {
    for (String name : FashionMnistFiles.names()) {
      assertContains(message, name);
    }
    assertContains(message, cache + ", " + system);
    assertContains(message, "127.0.0.1: ");
    assertContains(message, "package dataset-fashion-mnist");
  }

  private static String refusal(String data, DataPlaces places) {
    String message =
        assertThrows(
                InvalidInputException.class,
                () -> FashionMnist.load(data, places, DownloadListener.NONE))
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  private static void assertContains(String message, String part) {
    assertTrue(message.contains(part), () -> "'" + part + "' is not in '" + message + "'");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** As the files of a gunzip, and as a zip from elsewhere holds them. */
  @Test
  void unzippedFilesAreRead() throws IOException {
    Path folder = TinyIdx.folder(root.resolve("unzipped"), 12, 4);
    FashionMnist zipped = FashionMnist.load(folder.toString(), offline, DownloadListener.NONE);
    for (String name : FashionMnistFiles.names()) {
      Path file = folder.resolve(name);
      try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
        Files.copy(in, folder.resolve(name.replace(".gz", "")));
      }
      Files.delete(file);
    }
    FashionMnist plain = FashionMnist.load(folder.toString(), offline, DownloadListener.NONE);
    assertEquals(zipped.train().checksum(), plain.train().checksum());
    assertEquals(zipped.test().checksum(), plain.test().checksum());
  }
}
