package org.vgg4j.io;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An open file; positions are byte offsets from its beginning. */
public interface FileHandle extends Closeable {
  /** Reads some bytes, as {@link java.nio.channels.FileChannel#read(ByteBuffer, long)}. */
  int read(ByteBuffer into, long position) throws IOException;

  /** Writes some bytes, as {@link java.nio.channels.FileChannel#write(ByteBuffer, long)}. */
  int write(ByteBuffer from, long position) throws IOException;

  /** Returns the file's length in bytes. */
  long size() throws IOException;

  /** Forces everything written to disk. After a failure the contents are unknown. */
  void force() throws IOException;

  /**
   * Reads until the buffer is full.
   *
   * @throws EOFException when the file ends first
   */
  default void readFully(ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int count = read(into, at);
      if (count <= 0) {
        throw new EOFException("the file ends at byte " + at);
      }
      at += count;
    }
  }

  /**
   * Returns a part of the file, little-endian: mapped, where the system can; else as read.
   *
   * @throws EOFException when the file ends first
   */
  default ByteBuffer map(long position, int bytes) throws IOException {
    ByteBuffer copy = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    readFully(copy, position);
    return copy.flip();
  }

  /**
   * Writes until the buffer is empty.
   *
   * @throws IOException also when a write makes no progress
   */
  default void writeFully(ByteBuffer from, long position) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      int count = write(from, at);
      if (count <= 0) {
        throw new IOException("a write of " + from.remaining() + " bytes wrote none");
      }
      at += count;
    }
  }
}
