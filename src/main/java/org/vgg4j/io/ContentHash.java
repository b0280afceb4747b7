package org.vgg4j.io;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of a whole safetensors file in which the 64 hexadecimal digits of the hash itself are
 * taken as zeros.
 */
public final class ContentHash {
  /** Where the hash stands in {@code __metadata__}. */
  static final String KEY = "vgg4j.sha256";

  /** The number of hexadecimal digits. */
  static final int DIGITS = 64;

  /** What stands in the hash's place while it is computed. */
  static final String ZEROS = "0".repeat(DIGITS);

  private final MessageDigest digest;

  ContentHash() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The SHA-256 of a text's UTF-8 bytes in hexadecimal digits. */
  public static String sha256(String text) {
    ContentHash hash = new ContentHash();
    hash.update(StandardCharsets.UTF_8.encode(text));
    return hash.digits();
  }

  /** Takes the rest of a buffer, whose position stays. */
  void update(ByteBuffer bytes) {
    digest.update(bytes.duplicate());
  }

  /** The digits, in lower case; ends the computation. */
  String digits() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
