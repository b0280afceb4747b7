package org.vgg4j.spark.gloo;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/** One exchange of bytes between all ranks, as rank 0 gathers it. */
final class Exchange {
  /** What the ranks get of what they gave. */
  enum Kind {
    /** Nothing: they only wait for each other, and say in words to what they come. */
    SYNC('y'),
    /** All of it, in the order of the ranks, each with its length before it. */
    GATHER('g'),
    /** What rank 0 gave. */
    BROADCAST('b'),
    /** Sums of doubles, added in the order of the ranks. */
    SUM('s');

    /** The first byte of what a rank gives. */
    final byte code;

    Kind(char code) {
      this.code = (byte) code;
    }

    private static Kind of(byte code) {
      return Arrays.stream(values())
          .filter(kind -> kind.code == code)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("a broken message"));
    }
  }

  final CompletableFuture<byte[]> result = new CompletableFuture<>();
  private final byte[][] given;
  private int missing;

  Exchange(int world) {
    given = new byte[world][];
    missing = world;
  }

  /** Takes the bytes of a rank, of which the first says the kind; returns whether all have come. */
  boolean take(int rank, byte[] bytes) {
    given[rank] = bytes;
    return --missing == 0;
  }

  /**
   * Returns what every rank gets.
   *
   * @throws IllegalStateException when the ranks have come to different things
   */
  byte[] combine() {
    String first = what(0);
    for (int rank = 1; rank < given.length; rank++) {
      if (!what(rank).equals(first)) {
        throw new IllegalStateException(
            "the ranks do not do the same: rank 0 does %s, and rank %d %s"
                .formatted(first, rank, what(rank)));
      }
    }
    return switch (kind(0)) {
      case SYNC -> new byte[0];
      case BROADCAST -> payload(0);
      case GATHER -> all();
      case SUM -> sum();
    };
  }

  private Kind kind(int rank) {
    return Kind.of(given[rank][0]);
  }

  /** Returns what all ranks must give alike, in words. */
  private String what(int rank) {
    Kind kind = kind(rank);
    return switch (kind) {
      case SYNC -> new String(payload(rank), StandardCharsets.UTF_8);
      case SUM -> "a sum of %d numbers".formatted(given[rank].length / Double.BYTES);
      case GATHER, BROADCAST -> kind.name();
    };
  }

  private byte[] payload(int rank) {
    return Arrays.copyOfRange(given[rank], 1, given[rank].length);
  }

  private byte[] all() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      for (byte[] one : given) {
        out.writeInt(one.length - 1);
        out.write(one, 1, one.length - 1);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private byte[] sum() {
    byte[] total = payload(0);
    ByteBuffer sums = ByteBuffer.wrap(total);
    for (int rank = 1; rank < given.length; rank++) {
      ByteBuffer other = ByteBuffer.wrap(given[rank], 1, given[rank].length - 1).slice();
      for (int i = 0; i < total.length; i += Double.BYTES) {
        sums.putDouble(i, sums.getDouble(i) + other.getDouble(i));
      }
    }
    return total;
  }
}
