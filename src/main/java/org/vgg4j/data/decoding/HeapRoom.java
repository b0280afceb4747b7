package org.vgg4j.data.decoding;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import org.vgg4j.tensor.InvalidInputException;

/** A share of the heap that a picture takes while it is decoded: threads with large ones wait. */
final class HeapRoom {
  static final long MEBIBYTE = 1 << 20;

  /** Half of the heap: the rest is for what else there is, and what is not collected yet. */
  private static final int MOST =
      (int) Math.min(1 << 20, Runtime.getRuntime().maxMemory() / MEBIBYTE / 2);

  private static final Semaphore SHARES = new Semaphore(MOST, true);

  /** What is done with the room. */
  interface Use<T> {
    T run() throws IOException;
  }

  private HeapRoom() {}

  /**
   * Does what takes so many bytes, once there is room or nobody else takes any.
   *
   * @throws InvalidInputException when the heap has not the room; the message starts with {@code
   *     what}
   */
  static <T> T with(long bytes, String what, Use<T> use) throws IOException {
    int share = (int) Math.min(MOST, bytes / MEBIBYTE + 1);
    SHARES.acquireUninterruptibly(share);
    try {
      if (!isThere(bytes)) {
        require(what, bytes, free());
      }
      return use.run();
    } finally {
      SHARES.release(share);
    }
  }

  static void require(String what, long bytes, long free) {
    if (bytes > free) {
      throw new InvalidInputException(
          ("%s, for which the Java heap is too small (about %d MB needed, %d MB free); make it"
                  + " smaller, or the heap larger (-Xmx)")
              .formatted(what, bytes / MEBIBYTE + 1, free / MEBIBYTE));
    }
  }

  /** Returns whether so much is free, once what is not needed any more is collected. */
  static boolean isThere(long bytes) {
    if (bytes > free()) {
      System.gc(); // rare, and a picture more
    }
    return bytes <= free();
  }

  private static long free() {
    Runtime java = Runtime.getRuntime();
    return java.maxMemory() - java.totalMemory() + java.freeMemory();
  }
}
