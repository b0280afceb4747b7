package org.vgg4j.backend.cuda.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The kernels in the jar: their sources, and a fatbin if the build had nvcc. */
final class KernelSources {
  private static final String FOLDER = "/org/vgg4j/backend/cuda/kernels/";
  private static final String LIST = "kernels.list";
  private static final String FATBIN = "vgg4j-kernels.fatbin";
  private static final String FATBIN_HASH = "vgg4j-kernels.hash";

  /** Removed, since the header comes first in the text and NVRTC sees no files. */
  private static final String INCLUDE = "#include \"common.cuh\"\n";

  private KernelSources() {}

  /**
   * Returns all files as one text, in the order of the list. nvcc and NVRTC compile this text, and
   * the build hashes it (kernel_text in cmake/KernelText.cmake).
   *
   * @throws IllegalStateException when the jar has no sources
   */
  static String text() {
    StringBuilder text = new StringBuilder();
    for (String name : new String(required(LIST), StandardCharsets.UTF_8).split("\\R")) {
      if (!name.isBlank()) {
        text.append(
            new String(required(name.strip()), StandardCharsets.UTF_8).replace(INCLUDE, ""));
      }
    }
    return text.toString();
  }

  /** Returns the hash that identifies the sources. */
  static String hash(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the compiled kernels; null if there are none or their sources differ. */
  static byte[] fatbin(String hash) {
    byte[] image = optional(FATBIN);
    byte[] of = optional(FATBIN_HASH);
    boolean fits =
        image != null && of != null && hash.equals(new String(of, StandardCharsets.UTF_8).strip());
    return fits ? image : null;
  }

  private static byte[] required(String name) {
    byte[] bytes = optional(name);
    if (bytes == null) {
      throw new IllegalStateException(
          "the kernels' sources are not on the class path: " + FOLDER + name);
    }
    return bytes;
  }

  private static byte[] optional(String name) {
    try (InputStream in = KernelSources.class.getResourceAsStream(FOLDER + name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
