package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a cache was made of.
 *
 * @param origin the folder that all files lie in
 * @param name the name of the cache's folder: 6 hexadecimal digits for where the pictures are and
 *     how they are kept, then 24 for what they are
 */
record CacheKey(Path origin, String name) {
  /** Changes when what is written or how pictures are decoded or scaled does. */
  static final int FORMAT = 2;

  private static final int PLACE_DIGITS = 6;
  private static final int CONTENT_DIGITS = 24;
  private static final int CHUNK = 1024;
  private static final int DIGEST_BYTES = 32;

  /**
   * A file's state, which says whether it changed.
   *
   * @param bytes its size, -1 when there is no file
   * @param modified when it was modified, in nanoseconds since 1970 modulo 2^64
   */
  record FileState(long bytes, long modified) {
    private static final FileState MISSING = new FileState(-1, 0);

    static FileState of(Path file) {
      try {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        var time = attributes.lastModifiedTime().toInstant();
        return new FileState(
            attributes.size(), time.getEpochSecond() * 1_000_000_000L + time.getNano());
      } catch (IOException e) {
        return MISSING;
      }
    }
  }

  /** Looks at all files of a list: their names, sizes, times and labels. */
  static CacheKey of(PictureList list, CacheOptions options) throws Exception {
    Path origin = commonFolder(list.file(0), list.file(list.size() - 1));
    int chunks = (list.size() + CHUNK - 1) / CHUNK;
    byte[] digests = new byte[chunks * DIGEST_BYTES];
    Workers.run(
        options.threads(),
        chunks,
        chunk -> {
          byte[] digest = digest(list, origin, chunk * CHUNK);
          System.arraycopy(digest, 0, digests, chunk * DIGEST_BYTES, DIGEST_BYTES);
        });
    MessageDigest place = sha256();
    text(place, origin.toString());
    text(place, list.name());
    place.update(ByteBuffer.allocate(8).putInt(FORMAT).putInt(options.shorterSide()).flip());
    place.update((byte) (NativeDecoder.IS_HERE ? 1 : 0)); // which scales down in another way
    MessageDigest content = sha256();
    list.classNames().forEach(name -> text(content, name));
    content.update(digests);
    return new CacheKey(
        origin, digits(place, PLACE_DIGITS) + "-" + digits(content, CONTENT_DIGITS));
  }

  private static byte[] digest(PictureList list, Path origin, int first) {
    MessageDigest digest = sha256();
    ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES + Integer.BYTES);
    for (int i = first; i < Math.min(list.size(), first + CHUNK); i++) {
      Path file = list.file(i).toAbsolutePath();
      FileState state = FileState.of(file);
      text(digest, file.startsWith(origin) ? origin.relativize(file).toString() : file.toString());
      numbers.clear().putLong(state.bytes()).putLong(state.modified()).putInt(list.label(i));
      digest.update(numbers.flip());
    }
    return digest.digest();
  }

  private static Path commonFolder(Path first, Path last) {
    Path folder = first.toAbsolutePath().getParent();
    while (folder.getParent() != null && !last.toAbsolutePath().startsWith(folder)) {
      folder = folder.getParent();
    }
    return folder;
  }

  /** Returns whether another name is of the same pictures in an earlier or later state. */
  boolean isSamePlace(String other) {
    return !other.equals(name) && other.startsWith(name.substring(0, PLACE_DIGITS + 1));
  }

  private static void text(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private static String digits(MessageDigest digest, int count) {
    return HexFormat.of().formatHex(digest.digest()).substring(0, count);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
