package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

/** CIFAR's files: read, found, unpacked, and refused where something is wrong. */
@Timeout(60)
final class CifarTest {
  @TempDir private Path root;
  private DataPlaces places;

  @BeforeEach
  void offline() {
    places = places(URI.create("http://127.0.0.1:1/"));
  }

  private DataPlaces places(URI home) {
    return new DataPlaces(null, root.resolve("cache"), root, root.resolve("sample"), home, home);
  }

  private DataSet find(String data) {
    return new DataSets(places, DownloadListener.NONE, null).find(data, null);
  }

  private String refusal(String data) {
    String message = assertThrows(InvalidInputException.class, () -> find(data)).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @ParameterizedTest
  @EnumSource(Cifar.class)
  void theFilesAreRead(Cifar set) throws IOException {
    Path folder = TinyCifar.write(set, root.resolve("any"));
    DataSet read = find(folder.toString());
    int classes = set == Cifar.CIFAR10 ? 10 : 100;
    assertEquals(set.label(), read.name());
    assertEquals(classes, read.classNames().size());
    assertEquals("kind 1", read.classNames().get(1));
    assertEquals(3, read.channels());
    assertFalse(read.hasPictures());
    DataSet.Parts parts = read.parts();
    int files = set == Cifar.CIFAR10 ? 5 : 1;
    assertEquals(2 * files, parts.train().size());
    assertEquals(2, parts.test().size());
    assertEquals(new ImageShape(3, 32, 32), parts.train().commonShape());
    Map<String, byte[]> content = TinyCifar.files(set);
    for (int i = 0; i < 2 * files; i++) {
      byte[] file = content.get(set.files().get(i / 2));
      int end = file.length / 2 * (i % 2 + 1);
      assertEquals((3 * (i / 2) + i % 2) % classes, parts.train().label(i));
      assertArrayEquals(Arrays.copyOfRange(file, end - 3072, end), Images.bytes(parts.train(), i));
    }
    assertEquals((3 * files + 1) % classes, parts.test().label(1));
  }

  @Test
  void theSetIsFoundWhereItIs() throws IOException {
    TinyCifar.write(Cifar.CIFAR10, root.resolve("cache/cifar10/cifar-10-batches-bin"));
    assertEquals("cifar10", find("cifar10").name());
    TinyCifar.write(Cifar.CIFAR100, root.resolve("named/cifar100"));
    places =
        new DataPlaces(
            root.resolve("named"), root.resolve("cache"), root, root, places.cifar(), null);
    assertEquals("cifar10", find("cifar10").name());
    DataPlaces named = places;
    places =
        new DataPlaces(
            root.resolve("named"), root.resolve("none"), root, root, null, named.cifar());
    assertEquals("cifar100", find("cifar100").name());
    TinyCifar.write(Cifar.CIFAR10, root.resolve("unpacked/cifar-10-batches-bin"));
    assertEquals("cifar10", find(root.resolve("unpacked").toString()).name());
  }

  @Test
  void offlineTheMessageSaysWhereAndWhat() {
    String message = refusal("cifar100");
    assertTrue(message.contains("cifar100 is not in " + root.resolve("cache/cifar100")), message);
    assertTrue(message.contains("127.0.0.1"), message);
    assertTrue(message.contains("cifar-100-binary.tar.gz: unpack it and name the"), message);
  }

  /** What a home sends is kept if its hash is right, which no test can make it. */
  @Test
  void whatAServerSendsInsteadIsNotKept() throws IOException {
    byte[] archive =
        TinyIdx.gzip(TinyCifar.tar("cifar-10-batches-bin", TinyCifar.files(Cifar.CIFAR10)));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/~kriz/cifar-10-binary.tar.gz",
        exchange -> {
          exchange.sendResponseHeaders(200, archive.length);
          exchange.getResponseBody().write(archive);
          exchange.close();
        });
    server.start();
    try {
      places = places(URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/~kriz/"));
      String message = refusal("cifar10");
      assertTrue(message.contains("sent content with MD5 "), message);
      assertTrue(message.contains("not " + Cifar.CIFAR10.md5()), message);
      assertEquals(List.of(), names(root.resolve("cache/cifar10")));
      // The same with the hash that this archive has.
      Path unpacked =
          CifarFiles.download(
              Cifar.CIFAR10,
              Download.md5(hash(archive)),
              places,
              (file, done, total) -> assertEquals("cifar-10-binary.tar.gz", file));
      assertEquals(root.resolve("cache/cifar10/cifar-10-batches-bin"), unpacked);
      assertEquals(List.of("cifar-10-batches-bin"), names(root.resolve("cache/cifar10")));
    } finally {
      server.stop(0);
    }
    assertEquals(10, find("cifar10").parts().train().size());
  }

  private static String hash(byte[] bytes) throws IOException {
    return Download.hash(new java.io.ByteArrayInputStream(bytes), "MD5");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void archivesThatAreNoneAreRefused() throws IOException {
    Map<String, byte[]> files = TinyCifar.files(Cifar.CIFAR10);
    byte[] whole = TinyCifar.tar("x", files);
    byte[] other = whole.clone();
    other[300] ^= 1;
    assertTrue(unpacking(other).contains("not an intact tar archive"));
    assertTrue(unpacking(Arrays.copyOf(whole, whole.length - 4000)).contains("too early"));
    assertTrue(unpacking(Arrays.copyOf(whole, 700)).contains("too early"));
    assertTrue(unpacking(new byte[0]).contains("too early"));
    files.remove("test_batch.bin");
    assertTrue(unpacking(TinyCifar.tar("x", files)).contains("lacks test_batch.bin"));
  }

  private String unpacking(byte[] archive) throws IOException {
    Path file = Files.write(root.resolve("archive"), TinyIdx.gzip(archive));
    Path into = Files.createDirectories(root.resolve("into"));
    String message =
        assertThrows(IOException.class, () -> CifarFiles.unpack(file, Cifar.CIFAR10, into))
            .getMessage();
    assertEquals(List.of("archive", "into"), names(root));
    return message;
  }

  @Test
  void damagedFilesAreNamedWithThePlace() throws IOException {
    Path folder = TinyCifar.write(Cifar.CIFAR10, root.resolve("cifar"));
    Path batch = folder.resolve("data_batch_3.bin");
    byte[] good = Files.readAllBytes(batch);
    Files.write(batch, Arrays.copyOf(good, good.length - 1));
    String message = refusal(folder.toString());
    assertTrue(message.contains(batch + " is not a usable CIFAR file: it has 6145 bytes"), message);
    good[3073] = 10;
    Files.write(batch, good);
    message = refusal(folder.toString());
    assertTrue(
        message.contains(batch + ": label 10 of image 1 (byte 3073) is not in 0..9"), message);
    Files.delete(batch);
    message = refusal(folder.toString());
    assertTrue(message.contains("lacks data_batch_3.bin; the files of cifar10 are"), message);
    Files.write(batch, new byte[0]);
    assertTrue(refusal(folder.toString()).contains("it has 0 bytes"));
  }
}
