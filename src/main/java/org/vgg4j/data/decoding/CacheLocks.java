package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * The locks of a folder of caches, between processes and within this one: bytes of its file {@code
 * lock}. The system releases them when the process ends, however that happens. On a file system
 * without locks they hold within the process only.
 *
 * <p>The one channel of each such file is never closed: closing any would release all locks that
 * the process has on the file.
 */
final class CacheLocks {
  private static final String FILE = "lock";
  private static final Map<Path, CacheLocks> OPEN = new HashMap<>();

  private final FileChannel channel;
  private final Map<Long, Held> held = new HashMap<>();

  private CacheLocks(FileChannel channel) {
    this.channel = channel;
  }

  /** A byte that is locked; its last holder releases it. */
  final class Held implements AutoCloseable {
    private final long position;
    private final boolean shared;
    private final FileLock lock; // null on a file system without locks
    private int holders = 1;

    private Held(long position, boolean shared, FileLock lock) {
      this.position = position;
      this.shared = shared;
      this.lock = lock;
    }

    @Override
    public void close() {
      synchronized (CacheLocks.this) {
        if (--holders > 0) {
          return;
        }
        held.remove(position);
        try {
          if (lock != null) {
            lock.release();
          }
        } catch (IOException e) {
          // It ends with the process at the latest.
        }
      }
    }
  }

  /**
   * Returns the locks of a folder, which is made where it is missing.
   *
   * @throws IOException when it cannot be written
   */
  static CacheLocks of(Path folder) throws IOException {
    Files.createDirectories(folder);
    Path real = folder.toRealPath();
    synchronized (OPEN) {
      CacheLocks known = OPEN.get(real);
      if (known != null && Files.exists(real.resolve(FILE))) {
        return known;
      }
      CacheLocks locks =
          new CacheLocks(
              FileChannel.open(
                  real.resolve(FILE),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE));
      OPEN.put(real, locks);
      return locks;
    }
  }

  /** Takes the lock of those who use a cache, null while somebody removes it. */
  Held use(String cache) throws IOException {
    return take(position(cache), true);
  }

  /** Takes the lock of who removes a cache, null while somebody uses it. */
  Held remove(String cache) throws IOException {
    return take(position(cache), false);
  }

  /** Takes the lock of who makes a cache, null while somebody else has it. */
  Held make(String cache) throws IOException {
    return take(position(cache) + 1, false);
  }

  private synchronized Held take(long position, boolean shared) throws IOException {
    Held known = held.get(position);
    if (known != null) {
      if (!shared || !known.shared) {
        return null;
      }
      known.holders++;
      return known;
    }
    FileLock lock;
    try {
      lock = channel.tryLock(position, 1, shared);
      if (lock == null) {
        return null;
      }
    } catch (IOException e) {
      lock = null; // no locks here
    }
    Held taken = new Held(position, shared, lock);
    held.put(position, taken);
    return taken;
  }

  /** Two bytes for each cache: its name's first 60 bits, which are hexadecimal digits, twice. */
  private static long position(String cache) {
    String digits = cache.replace("-", "").substring(0, 15);
    return Long.parseLong(digits, 16) << 1;
  }
}
