package org.vgg4j.tensorboard;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A message of protocol buffers as it is encoded: its fields by their numbers. Source: Protocol
 * Buffers, "Encoding".
 */
final class Message {
  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int LENGTH = 2;
  private static final int FOUR_BYTES = 5;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a whole number, an enumeration's value or a truth. */
  Message number(int field, long value) {
    varint((long) field << 3 | VARINT);
    varint(value);
    return this;
  }

  /** Adds a double. */
  Message real(int field, double value) {
    varint((long) field << 3 | EIGHT_BYTES);
    bytes.writeBytes(buffer(Double.BYTES).putDouble(value).array());
    return this;
  }

  /** Adds a float. */
  Message single(int field, float value) {
    varint((long) field << 3 | FOUR_BYTES);
    bytes.writeBytes(buffer(Float.BYTES).putFloat(value).array());
    return this;
  }

  /** Adds bytes. */
  Message bytes(int field, byte[] value) {
    varint((long) field << 3 | LENGTH);
    varint(value.length);
    bytes.writeBytes(value);
    return this;
  }

  /** Adds a text. */
  Message text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a message. */
  Message message(int field, Message value) {
    return bytes(field, value.encoded());
  }

  /** Returns the message's bytes. */
  byte[] encoded() {
    return bytes.toByteArray();
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Seven bits a byte, the lowest first; the eighth says that more come. */
  private void varint(long value) {
    long left = value;
    while ((left & ~0x7FL) != 0) {
      bytes.write((int) ((left & 0x7F) | 0x80));
      left >>>= 7;
    }
    bytes.write((int) left);
  }
}
