package org.vgg4j.io;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of a whole safetensors file, with zeros in place of the hash's own 64 hexadecimal
 * digits.
 */
public final class ContentHash {
  /** The key of the hash in {@code __metadata__}. */
  static final String KEY = "vgg4j.sha256";

  /** The number of hexadecimal digits. */
  static final int DIGITS = 64;

  /** Replaces the hash while it is computed. */
  static final String ZEROS = "0".repeat(DIGITS);

  private final MessageDigest digest;

  ContentHash() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Returns the SHA-256 of a text's UTF-8 bytes in hexadecimal digits. */
  public static String sha256(String text) {
    ContentHash hash = new ContentHash();
    hash.update(StandardCharsets.UTF_8.encode(text));
    return hash.digits();
  }

  /** Adds a buffer's remaining bytes; its position is unchanged. */
  void update(ByteBuffer bytes) {
    digest.update(bytes.duplicate());
  }

  /** Returns the digits, in lower case, and ends the computation. */
  String digits() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
