package org.vgg4j.spark;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.train.DivergedException;

/**
 * How an attempt ended for a worker. A worker always returns one: were it to throw, Spark would end
 * the others before they can say what they saw.
 *
 * @param rank whose
 * @param host where it ran
 * @param end how it ended
 * @param text what went wrong, in a line; null when nothing did
 * @param error what went wrong, where another attempt cannot help; else null
 * @param page its last events
 */
record Outcome(int rank, String host, End end, String text, Throwable error, Journal.Page page)
    implements Serializable {
  /** How an attempt ends. */
  enum End {
    /** The training is done, or was stopped as it should. */
    DONE,
    /** Another rank was lost. */
    PEER_LOST,
    /** This rank failed, and may do better at another attempt. */
    FAILED,
    /** What is asked for cannot be done, however often. */
    REFUSED
  }

  static Outcome done(int rank, String host, Journal.Page page) {
    return new Outcome(rank, host, End.DONE, null, null, page);
  }

  static Outcome of(int rank, String host, Throwable e, Journal.Page page) {
    String text = line(e);
    if (e instanceof PeerLostException) {
      return new Outcome(rank, host, End.PEER_LOST, text, null, page);
    }
    boolean isFinal =
        e instanceof InvalidInputException
            || e instanceof DivergedException
            || e instanceof DeviceUnavailableException
            || e instanceof OutOfDeviceMemoryException;
    return isFinal
        ? new Outcome(rank, host, End.REFUSED, text, sendable(e, text), page)
        : new Outcome(rank, host, End.FAILED, text, null, page);
  }

  /** Returns what went wrong, in a line; the kind of failure too where it is no message of ours. */
  static String line(Throwable e) {
    boolean isOurs = e.getClass().getName().startsWith("org.vgg4j.") || e instanceof IOException;
    String message = isOurs && e.getMessage() != null ? e.getMessage() : e.toString();
    return message.replaceAll("\\R", " ").replaceAll("\\p{Cc}", "?");
  }

  /** Returns the exception, or another with its text where it holds what cannot be sent. */
  private static Throwable sendable(Throwable e, String text) {
    try (OutputStream bytes = new ByteArrayOutputStream();
        ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(e);
      return e;
    } catch (IOException cannot) {
      return new InvalidInputException(text);
    }
  }

  /** Returns the line that names the rank. */
  String told() {
    return "rank %d on %s: %s".formatted(rank, host, text);
  }
}
