package org.vgg4j.spark.gloo;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;

/** A connection between rank 0 and another, and the messages on it. */
final class Link implements Closeable {
  /** What a message is. */
  enum Kind {
    /** Says only that the sender is there. */
    PULSE('p'),
    /** A rank has come to an exchange, with its bytes. */
    HERE('h'),
    /** All have come, and this is the result. */
    RESULT('r'),
    /** A rank is lost, and why. */
    LOST('l'),
    /** The sender leaves and nothing is wrong. */
    LEAVES('q');

    private final char code;

    Kind(char code) {
      this.code = code;
    }

    private static Kind of(int code) throws IOException {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IOException("a broken message");
    }
  }

  /** More than any exchange sends: a broken length is noticed before memory is taken for it. */
  private static final int MAX_BYTES = 1 << 30;

  /**
   * A message.
   *
   * @param number of the exchange
   */
  record Message(Kind kind, long number, byte[] bytes) {}

  final Socket socket;
  final DataInputStream in;
  final DataOutputStream out;

  Link(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
    out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
  }

  synchronized void send(Kind kind, long number, byte[] bytes) throws IOException {
    out.writeByte(kind.code);
    out.writeLong(number);
    out.writeInt(bytes.length);
    out.write(bytes);
    out.flush();
  }

  /**
   * Waits for the next message.
   *
   * @throws java.net.SocketTimeoutException when nothing comes for as long as the socket waits
   */
  Message receive() throws IOException {
    Kind kind = Kind.of(in.readUnsignedByte());
    long number = in.readLong();
    int length = in.readInt();
    if (length < 0 || length > MAX_BYTES) {
      throw new IOException("a broken message");
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    return new Message(kind, number, bytes);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any more, which is all that was wanted.
    }
  }
}
