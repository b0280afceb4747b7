package org.vgg4j.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Reads event files of TensorBoard, by the fields' numbers of event.proto and summary.proto. */
public final class Events {
  private Events() {}

  /**
   * An encoded message.
   *
   * @param fields number to values, in order: a Long for whole numbers and for the bits of others,
   *     a byte[] for the rest
   */
  public record Fields(Map<Integer, List<Object>> fields) {
    /** Decodes a message. */
    public static Fields of(byte[] bytes) {
      Map<Integer, List<Object>> fields = new LinkedHashMap<>();
      ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        long key = varint(in);
        Object value =
            switch ((int) (key & 7)) {
              case 0 -> varint(in);
              case 1 -> in.getLong();
              case 2 -> take(in, (int) varint(in));
              case 5 -> (long) in.getInt();
              default -> throw new IllegalStateException("wire type " + (key & 7));
            };
        fields.computeIfAbsent((int) (key >>> 3), k -> new ArrayList<>()).add(value);
      }
      return new Fields(fields);
    }

    private static long varint(ByteBuffer in) {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = in.get();
        value |= (long) (next & 0x7F) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }

    /** Returns whether a field is there. */
    public boolean has(int field) {
      return fields.containsKey(field);
    }

    /** Returns a field's only number, 0 when it is not there. */
    public long number(int field) {
      return has(field) ? (Long) fields.get(field).get(0) : 0;
    }

    /** Returns a field's only bytes. */
    public byte[] bytes(int field) {
      return (byte[]) fields.get(field).get(0);
    }

    /** Returns a field's only text. */
    public String text(int field) {
      return new String(bytes(field), StandardCharsets.UTF_8);
    }

    /** Returns a field's messages. */
    public List<Fields> messages(int field) {
      return fields.getOrDefault(field, List.of()).stream()
          .map(value -> Fields.of((byte[]) value))
          .toList();
    }

    /** Returns a field's only message. */
    public Fields message(int field) {
      return messages(field).get(0);
    }
  }

  private static byte[] take(ByteBuffer in, int count) {
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  /** Returns the event files of a folder, oldest first. */
  public static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().contains("tfevents"))
          .sorted()
          .toList();
    }
  }

  /** Reads a file's events, each with its two checksums compared. */
  public static List<Fields> read(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Fields> events = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] length = take(in, 8);
      compare(length, in.getInt());
      byte[] event =
          take(in, (int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
      compare(event, in.getInt());
      events.add(Fields.of(event));
    }
    return events;
  }

  private static void compare(byte[] bytes, int masked) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    long value = crc.getValue();
    long expected = (((value >>> 15) | ((value << 17) & 0xFFFFFFFFL)) + 0xA282EAD8L) & 0xFFFFFFFFL;
    if (expected != (masked & 0xFFFFFFFFL)) {
      throw new IllegalStateException("a checksum of %x, not %x".formatted(masked, expected));
    }
  }

  /** Returns the scalars of events, as "tag step value". */
  public static List<String> scalars(List<Fields> events) {
    List<String> scalars = new ArrayList<>();
    for (Fields event : events) {
      for (Fields summary : event.messages(5)) {
        for (Fields value : summary.messages(1)) {
          if (value.has(2)) {
            float number = Float.intBitsToFloat((int) value.number(2));
            scalars.add("%s %d %s".formatted(value.text(1), event.number(2), number));
          }
        }
      }
    }
    return scalars;
  }
}
