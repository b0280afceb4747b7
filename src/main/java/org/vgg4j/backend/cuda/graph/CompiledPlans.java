package org.vgg4j.backend.cuda.graph;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.tensor.WholeFile;

/**
 * Plans that were compiled at run time, on disk as cuDNN writes them (JSON with the code inside):
 * one is restored in a millisecond, where compiling it takes half a second to four.
 *
 * <p>cuDNN 9.24 checks its own version and the GPU's architecture in that text, but neither the
 * problem nor the code. So a file begins with what it was made for and with a hash of the rest.
 */
final class CompiledPlans {
  private static final Logger LOG = LoggerFactory.getLogger(CompiledPlans.class);
  private static final int NAME_DIGITS = 32; // of the file, enough to be unique

  private final Path folder; // null keeps nothing
  private final String machine;

  /**
   * Opens the store.
   *
   * @param cache the folder of the cache, or null to keep nothing
   */
  CompiledPlans(Path cache, String gpu, long cudnnVersion) {
    folder = cache == null ? null : cache.resolve("compiled-plans");
    machine = gpu + ", cuDNN " + cudnnVersion;
  }

  private String key(ConvProblem problem, EngineChoice choice) {
    return machine + ", " + problem.text() + ", " + choice.text();
  }

  private Path file(String key) {
    return folder.resolve(hash(bytes(key)).substring(0, NAME_DIGITS) + ".plan");
  }

  /** Returns cuDNN's text of a plan; null if there is none. */
  byte[] get(ConvProblem problem, EngineChoice choice) {
    if (folder == null) {
      return null;
    }
    String key = key(problem, choice);
    Path file = file(key);
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      byte[] all = Files.readAllBytes(file);
      int start = bytes(head(key, "")).length + hash(all).length() + 1;
      byte[] plan = all.length < start ? all : Arrays.copyOfRange(all, start, all.length);
      byte[] head = bytes(head(key, hash(plan) + "\n"));
      if (Arrays.equals(head, Arrays.copyOf(all, head.length))) {
        return plan;
      }
      LOG.warn("{} is damaged; compiling the plan again", file);
    } catch (IOException e) {
      LOG.warn("{} cannot be read ({}); compiling the plan again", file, e.toString());
    }
    return null;
  }

  /** Keeps cuDNN's text of a plan. */
  void put(ConvProblem problem, EngineChoice choice, byte[] plan) {
    String key = key(problem, choice);
    byte[] head = bytes(head(key, hash(plan) + "\n"));
    byte[] all = Arrays.copyOf(head, head.length + plan.length);
    System.arraycopy(plan, 0, all, head.length, plan.length);
    try {
      WholeFile.write(file(key), all);
    } catch (IOException e) {
      LOG.warn("{} cannot be written ({}); the next run compiles again", folder, e.toString());
    }
  }

  /** Returns whether plans are kept at all. */
  boolean keeps() {
    return folder != null;
  }

  private static String head(String key, String rest) {
    return key + "\n" + rest;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hash(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
