package org.vgg4j.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Keeps a run's folder to one process: the lock of its file {@code .lock}, whose text names the
 * holder. The system releases it when the process ends, however that happens. The file stays.
 */
final class RunLock implements AutoCloseable {
  /**
   * The folders of this process. The system's locks do not keep out their own process, and closing
   * a second channel to the file would release them.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  /** Behind the text, which on Windows could not be read under the lock. */
  private static final long POSITION = 1 << 20;

  private static final int MOST_TEXT_BYTES = 1000;

  private final Path folder;
  private final FileChannel channel;

  private RunLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /** The folder belongs to a run that is going on; the message names its process. */
  static final class HeldException extends Exception {
    private static final long serialVersionUID = 1L;

    private HeldException(String holder) {
      super("is in use by " + holder);
    }
  }

  /**
   * Takes the lock of a folder that is there.
   *
   * @param report hears of a file system without locks, on which the folder is not protected
   * @throws HeldException when another run has it
   * @throws IOException when the file cannot be written
   */
  static RunLock take(Path folder, Consumer<String> report) throws IOException, HeldException {
    Path real = folder.toRealPath();
    if (!HELD.add(real)) {
      throw new HeldException("this process");
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              real.resolve(".lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (!isLocked(channel, folder, report)) {
        throw new HeldException(holder(channel));
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(self().getBytes(StandardCharsets.UTF_8)), 0);
      return new RunLock(real, channel);
    } catch (IOException | HeldException | RuntimeException e) {
      if (channel != null) {
        channel.close();
      }
      HELD.remove(real);
      throw e;
    }
  }

  private static boolean isLocked(FileChannel channel, Path folder, Consumer<String> report) {
    try {
      FileLock lock = channel.tryLock(POSITION, 1, false);
      return lock != null;
    } catch (IOException e) {
      report.accept(
          "WARNING: %s is on a file system without locks (%s): use it for one run at a time"
              .formatted(folder, e.getMessage()));
      return true;
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(MOST_TEXT_BYTES);
    channel.read(text, 0);
    String holder = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
    return holder.isEmpty() ? "another process" : holder;
  }

  private static String self() {
    LocalDateTime now = LocalDateTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS);
    return "process %d on %s since %s%n".formatted(ProcessHandle.current().pid(), host(), now);
  }

  /** Returns the machine's name without asking the network, which may take long. */
  private static String host() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      String name = System.getenv("COMPUTERNAME");
      return name == null ? "this machine" : name;
    }
  }

  @Override
  public void close() {
    try {
      channel.truncate(0); // before others may lock it and write
      channel.close();
    } catch (IOException e) {
      // The lock ends with the process at the latest.
    } finally {
      HELD.remove(folder);
    }
  }
}
