package org.vgg4j.data.sets;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Timer;
import java.util.TimerTask;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Downloads a file and keeps it only if it is the expected one. */
final class Download {
  private static final Duration CONNECT = Duration.ofSeconds(10);

  /** How long a server may stay silent. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private Download() {}

  /** Whether a file that was sent is the expected one. */
  @FunctionalInterface
  interface Check {
    /**
     * Looks at the file.
     *
     * @throws IOException when it is another; names the address
     */
    void require(Path file, URI address) throws IOException;
  }

  /** Returns the check of a gzip file by the SHA-256 of its inflated content. */
  static Check inflated(String sha256) {
    return (file, address) -> requireHash("SHA-256", contentHash(file, address), sha256, address);
  }

  /** Returns the check of any file by its MD5, where its makers publish no other hash. */
  static Check md5(String md5) {
    return (file, address) -> {
      try (InputStream in = Files.newInputStream(file)) {
        requireHash("MD5", hash(in, "MD5"), md5, address);
      }
    };
  }

  private static void requireHash(String kind, String actual, String expected, URI address)
      throws IOException {
    if (!actual.equals(expected)) {
      throw new IOException(
          "%s sent content with %s %s, not %s".formatted(address, kind, actual, expected));
    }
  }

  /**
   * Downloads a file to a temporary name beside {@code target}, checks it and renames it.
   *
   * @throws IOException when the server cannot be reached, answers with another status or sends
   *     other content; {@code target} is then unchanged
   */
  static void fetch(URI address, Path target, Check check, DownloadListener listener)
      throws IOException {
    fetch(address, target, check, listener, SILENCE);
  }

  static void fetch(
      URI address, Path target, Check check, DownloadListener listener, Duration silence)
      throws IOException {
    Path temporary = Files.createTempFile(target.getParent(), target.getFileName() + ".", ".part");
    try {
      transfer(address, temporary, target.getFileName().toString(), listener, silence);
      check.require(temporary, address);
      force(temporary);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void transfer(
      URI address, Path into, String name, DownloadListener listener, Duration silence)
      throws IOException {
    HttpClient client =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
    HttpRequest request = HttpRequest.newBuilder(address).timeout(silence).build();
    HttpResponse<InputStream> response = send(client, request);
    Timer timer = new Timer("vgg4j-download", true);
    try (InputStream in = response.body();
        OutputStream out = Files.newOutputStream(into)) {
      if (response.statusCode() != 200) {
        throw new IOException(address + " answered with status " + response.statusCode());
      }
      long total = response.headers().firstValueAsLong("Content-Length").orElse(-1);
      byte[] buffer = new byte[1 << 16];
      long done = 0;
      for (int count = read(in, buffer, timer, silence, address);
          count >= 0;
          count = read(in, buffer, timer, silence, address)) {
        out.write(buffer, 0, count);
        done += count;
        listener.progress(name, done, total);
      }
    } finally {
      timer.cancel();
    }
  }

  private static HttpResponse<InputStream> send(HttpClient client, HttpRequest request)
      throws IOException {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (IOException e) {
      throw new IOException(request.uri().getHost() + ": " + reason(e), e);
    }
  }

  /** Reads what has arrived, within a time limit; the client's own covers only the header. */
  private static int read(InputStream in, byte[] buffer, Timer timer, Duration silence, URI address)
      throws IOException {
    TimerTask giveUp =
        new TimerTask() {
          @Override
          public void run() {
            try {
              in.close(); // wakes the reader
            } catch (IOException e) {
              // the reader sees the failure
            }
          }
        };
    timer.schedule(giveUp, silence.toMillis());
    int count = -1;
    IOException failure = null;
    try {
      count = in.read(buffer);
    } catch (IOException e) {
      failure = e;
    }
    if (!giveUp.cancel()) {
      throw new IOException(address + " sent nothing for " + silence.toMillis() + " ms", failure);
    }
    if (failure != null) {
      throw new IOException(address + " closed the connection: " + reason(failure), failure);
    }
    return count;
  }

  /** Returns the SHA-256 of a gzip file's content. */
  static String contentHash(Path file, URI address) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file), 1 << 16)) {
      return hash(in, "SHA-256");
    } catch (EOFException | ZipException e) {
      throw new IOException(address + " did not send an intact gzip file: " + reason(e), e);
    }
  }

  /** Returns the hash of all that a stream has. */
  static String hash(InputStream in, String kind) throws IOException {
    MessageDigest digest = digest(kind);
    byte[] buffer = new byte[1 << 16];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      digest.update(buffer, 0, count);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns a readable reason: some exceptions have no message, or only a file name. */
  static String reason(IOException failure) {
    String name = failure.getClass().getSimpleName();
    if (failure.getMessage() == null) {
      return name;
    }
    return failure instanceof FileSystemException
        ? name + ": " + failure.getMessage()
        : failure.getMessage();
  }

  private static MessageDigest digest(String kind) {
    try {
      return MessageDigest.getInstance(kind);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + kind, e);
    }
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }
}
