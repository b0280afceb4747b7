package org.vgg4j.tensorboard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.vgg4j.io.FileHandle;
import org.vgg4j.io.FileOperations;

/**
 * A file of events that grows. Each event is there at once, and TensorBoard sees it while the file
 * is open; a process that dies leaves at most a torn last event, which TensorBoard passes over.
 *
 * <p>Sources: TFRecord's framing, and TensorFlow's event.proto.
 */
public final class EventFile implements AutoCloseable {
  private static final String NAME = "events.out.tfevents.";
  private static final String VERSION = "brain.Event:2";
  private static final int CRC_MASK = 0xA282EAD8;
  private static final int LENGTH_BYTES = Long.BYTES + Integer.BYTES;

  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SUMMARY_VALUE = 1;
  private static final int SESSION_LOG = 7;
  private static final int STATUS = 1;
  private static final int START = 1;

  private final FileHandle file;
  private long end;

  private EventFile(FileHandle file) {
    this.file = file;
  }

  /**
   * Makes a new file beside those that are there.
   *
   * @param folder an existing folder
   * @param seconds the time, since 1970
   * @throws IOException when it cannot be written
   */
  public static EventFile createIn(Path folder, double seconds) throws IOException {
    return createIn(folder, seconds, FileOperations.SYSTEM);
  }

  /** Makes a new file over a layer of files that tests may put in. */
  static EventFile createIn(Path folder, double seconds, FileOperations files) throws IOException {
    List<Path> there = files.list(folder);
    String name = NAME + "%010d.vgg4j".formatted((long) seconds);
    Path path = folder.resolve(name);
    for (int i = 2; there.contains(path); i++) {
      path = folder.resolve(name + "." + i);
    }
    EventFile made = new EventFile(files.create(path));
    try {
      made.append(new Message().real(WALL_TIME, seconds).text(FILE_VERSION, VERSION));
      return made;
    } catch (IOException e) {
      made.close();
      throw e;
    }
  }

  /** Returns whether a folder has such a file. */
  public static boolean isIn(Path folder) throws IOException {
    return FileOperations.SYSTEM.list(folder).stream()
        .anyMatch(file -> file.getFileName().toString().startsWith(NAME));
  }

  /**
   * Says that what earlier files have from a step on does not count any more.
   *
   * @param seconds the time, since 1970
   * @param step the first that comes
   * @throws IOException when it cannot be written
   */
  public void restart(double seconds, long step) throws IOException {
    append(
        new Message()
            .real(WALL_TIME, seconds)
            .number(STEP, step)
            .message(SESSION_LOG, new Message().number(STATUS, START)));
  }

  /**
   * Adds values of a step.
   *
   * @param seconds the time, since 1970
   * @throws IOException when they cannot be written
   */
  public void add(double seconds, long step, List<Value> values) throws IOException {
    Message summary = new Message();
    values.forEach(value -> summary.message(SUMMARY_VALUE, value.message()));
    append(new Message().real(WALL_TIME, seconds).number(STEP, step).message(SUMMARY, summary));
  }

  /** Writes a record: its length and its bytes, each followed by its checksum. */
  private void append(Message event) throws IOException {
    byte[] bytes = event.encoded();
    ByteBuffer record =
        ByteBuffer.allocate(LENGTH_BYTES + bytes.length + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(bytes.length);
    record.putInt(checksum(record.array(), 0, Long.BYTES));
    record.put(bytes).putInt(checksum(bytes, 0, bytes.length)).flip();
    int length = record.limit();
    file.writeFully(record, end);
    end += length;
  }

  /** Returns the CRC32C as TFRecord masks it: turned by 15 bits, plus a constant. */
  static int checksum(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
