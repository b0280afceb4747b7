package org.vgg4j.io;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.tensor.InvalidInputException;

/** Damaged files load or are refused; nothing else, quickly and in little memory. */
class SafeTensorsFuzzTest {
  private static final int CASES = 20_000;
  private static final long MOST_BYTES = 1 << 20;
  private static final String[] PIECES = {
    "\"w\"", "[", "]", "{", "}", ",", "-", "9", "1e9", "null", "\"", "\\u0000", "[0,8]", "F16"
  };

  @TempDir Path folder;

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void damagedFilesLoadOrAreRefused() throws IOException {
    Path file = folder.resolve("fuzzed");
    TinyFile.write(file);
    byte[] valid = Files.readAllBytes(file);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    SplittableRandom random = new SplittableRandom(20260101);
    int loaded = 0;
    for (int i = 0; i < CASES; i++) {
      byte[] bytes = damaged(valid, random);
      Files.write(file, bytes);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        Verification verification = TinyFile.readAll(file);
        loaded++;
        if (!Arrays.equals(bytes, valid)) {
          assertNotEquals(Verification.VERIFIED, verification, "case " + i);
        }
      } catch (InvalidInputException e) {
        assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
      } catch (RuntimeException e) {
        throw new AssertionError("case " + i, e);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < MOST_BYTES, "case " + i + " allocated " + allocated);
    }
    assertTrue(loaded < CASES / 2, "the damage does no harm");
    assertTrue(loaded > 0, "everything is refused");
  }

  private static byte[] damaged(byte[] valid, SplittableRandom random) {
    byte[] bytes = valid.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes && bytes.length > 0; i++) {
      bytes = damagedOnce(bytes, random);
    }
    return bytes;
  }

  private static byte[] damagedOnce(byte[] bytes, SplittableRandom random) {
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(5)) {
      case 0 -> bytes[at] = (byte) random.nextInt();
      case 1 -> bytes[random.nextInt(Math.min(8, bytes.length))] = (byte) random.nextInt();
      case 2 -> {
        byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
        System.arraycopy(piece, 0, bytes, at, Math.min(piece.length, bytes.length - at));
      }
      case 3 -> {
        int from = random.nextInt(bytes.length);
        int count = random.nextInt(1 + bytes.length - Math.max(at, from));
        System.arraycopy(bytes, from, bytes, at, count);
      }
      default -> {
        return Arrays.copyOf(bytes, random.nextInt(4) == 0 ? at : bytes.length - 1);
      }
    }
    return bytes;
  }
}
