package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DownloadTest {
  private static final byte[] CONTENT = TinyIdx.noise(300_000, 3);
  private static final byte[] GZIP = TinyIdx.gzip(CONTENT);
  private static final byte[] KEPT = {1, 2, 3};

  @TempDir Path folder;
  private Path target;
  private HttpServer server;
  private ExecutorService threads;
  private final CountDownLatch end = new CountDownLatch(1);

  /** A call of the listener. */
  private record Progress(String file, long done, long total) {}

  @BeforeEach
  void start() throws IOException {
    target = folder.resolve("tiny.gz");
    threads = Executors.newCachedThreadPool();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void aFileIsFetchedAndItsProgressTold() throws Exception {
    List<Progress> heard = new ArrayList<>();
    Download.fetch(
        serve(exchange -> send(exchange, GZIP)),
        target,
        Download.inflated(hash(CONTENT)),
        (file, done, total) -> heard.add(new Progress(file, done, total)));
    assertArrayEquals(GZIP, Files.readAllBytes(target));
    assertEquals(List.of("tiny.gz"), names());
    assertProgress(heard, GZIP.length);
  }

  @Test
  void aServerThatSaysNoLengthIsHeardToo() throws Exception {
    List<Progress> heard = new ArrayList<>();
    HttpHandler chunks =
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(GZIP);
          exchange.close();
        };
    Download.fetch(
        serve(chunks),
        target,
        Download.inflated(hash(CONTENT)),
        (file, done, total) -> heard.add(new Progress(file, done, total)));
    assertArrayEquals(GZIP, Files.readAllBytes(target));
    assertProgress(heard, -1);
  }

  @Test
  void anOldFileIsReplaced() throws Exception {
    Files.write(target, KEPT);
    Download.fetch(
        serve(exchange -> send(exchange, GZIP)),
        target,
        Download.inflated(hash(CONTENT)),
        DownloadListener.NONE);
    assertArrayEquals(GZIP, Files.readAllBytes(target));
    assertEquals(List.of("tiny.gz"), names());
  }

  @Test
  void redirectionsAreFollowed() throws Exception {
    URI real = serve(exchange -> send(exchange, GZIP));
    server.createContext(
        "/moved",
        exchange -> {
          exchange.getResponseHeaders().add("Location", real.toString());
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    Download.fetch(
        real.resolve("/moved"), target, Download.inflated(hash(CONTENT)), DownloadListener.NONE);
    assertArrayEquals(GZIP, Files.readAllBytes(target));
  }

  @Test
  void otherContentIsRefused() throws Exception {
    byte[] other = CONTENT.clone();
    other[150_000] ^= 1;
    String message = failure(serve(exchange -> send(exchange, TinyIdx.gzip(other))));
    assertTrue(message.contains(hash(other)) && message.contains(hash(CONTENT)), message);
  }

  @Test
  void otherStatusesAreRefused() throws Exception {
    for (int status : new int[] {404, 403, 500, 206}) {
      HttpHandler answer =
          exchange -> {
            exchange.sendResponseHeaders(status, GZIP.length);
            exchange.getResponseBody().write(GZIP);
            exchange.close();
          };
      String message = failure(serve(answer));
      assertTrue(message.contains("status " + status), message);
    }
  }

  /** Both ends: a server that breaks off, and one that holds half a file. */
  @Test
  void truncatedBodiesAreRefused() throws Exception {
    for (int length : new int[] {0, 5, 10, 100_000, GZIP.length - 1}) {
      HttpHandler breaks =
          exchange -> {
            exchange.sendResponseHeaders(200, GZIP.length);
            exchange.getResponseBody().write(GZIP, 0, length);
            exchange.close();
          };
      failure(serve(breaks));
      String message = failure(serve(exchange -> send(exchange, Arrays.copyOf(GZIP, length))));
      assertTrue(message.contains("not send an intact gzip file"), message);
    }
  }

  /** What the login page of a hotel's network sends. */
  @Test
  void aPageInsteadOfTheFileIsRefused() throws Exception {
    String message =
        failure(
            serve(
                exchange ->
                    send(exchange, "<html>Log in</html>".getBytes(StandardCharsets.UTF_8))));
    assertTrue(message.contains("not send an intact gzip file"), message);
  }

  /** Reading a body pays no heed to interruptions: only another thread can give it up. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aServerThatFallsSilentIsLeft() throws Exception {
    HttpHandler half =
        exchange -> {
          exchange.sendResponseHeaders(200, GZIP.length);
          exchange.getResponseBody().write(GZIP, 0, 100_000);
          exchange.getResponseBody().flush();
          await();
        };
    String message = failure(serve(half), Duration.ofSeconds(1));
    assertTrue(message.contains("sent nothing for 1000 ms"), message);
  }

  @Test
  void aServerThatNeverAnswersIsLeft() throws Exception {
    String message = failure(serve(exchange -> await()), Duration.ofSeconds(1));
    assertTrue(message.contains("timed out"), message);
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String message = failure(URI.create("http://127.0.0.1:" + port + "/tiny.gz"));
    assertTrue(message.startsWith("127.0.0.1: "), message);
  }

  @Test
  void aListenerThatFailsLeavesNothing() throws Exception {
    URI address = serve(exchange -> send(exchange, GZIP));
    DownloadListener fails =
        (file, done, total) -> {
          throw new IllegalStateException("enough");
        };
    assertThrows(
        IllegalStateException.class,
        () -> Download.fetch(address, target, Download.inflated(hash(CONTENT)), fails));
    assertEquals(List.of(), names());
  }

  private String failure(URI address) throws Exception {
    return failure(address, Duration.ofSeconds(30));
  }

  /** Fetches in vain, with and without an old file in place; nothing may change. */
  private String failure(URI address, Duration silence) throws Exception {
    Files.deleteIfExists(target);
    String message = refusal(address, silence);
    assertEquals(List.of(), names());
    Files.write(target, KEPT);
    refusal(address, silence);
    assertEquals(List.of("tiny.gz"), names());
    assertArrayEquals(KEPT, Files.readAllBytes(target));
    return message;
  }

  private String refusal(URI address, Duration silence) {
    String message =
        assertThrows(
                IOException.class,
                () ->
                    Download.fetch(
                        address,
                        target,
                        Download.inflated(hash(CONTENT)),
                        DownloadListener.NONE,
                        silence))
            .getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.contains("127.0.0.1"), message);
    return message;
  }

  private static void assertProgress(List<Progress> heard, long total) {
    long before = 0;
    for (Progress progress : heard) {
      assertEquals("tiny.gz", progress.file());
      assertEquals(total, progress.total());
      assertTrue(progress.done() > before, "progress must grow");
      before = progress.done();
    }
    assertEquals(GZIP.length, before);
    assertTrue(heard.size() > 1, "the file is longer than a buffer");
  }

  /** Answers under a new path and returns its address. */
  private URI serve(HttpHandler handler) {
    String path = "/" + System.nanoTime();
    server.createContext(path, handler);
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private static void send(HttpExchange exchange, byte[] body) throws IOException {
    exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  private void await() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String hash(byte[] content) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }
}
