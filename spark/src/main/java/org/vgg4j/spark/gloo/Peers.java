package org.vgg4j.spark.gloo;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.vgg4j.collective.PeerLostException;

/**
 * The ranks as each knows them: rank 0 has a connection to every other. Over it go the exchanges of
 * small things, and a pulse, from which all notice within {@link #SILENCE_MILLIS} that one has
 * stopped, and at once that one is gone.
 *
 * <p>An exchange is complete when all ranks have come to it. So whatever begins with one is begun
 * everywhere at the same time, however long a rank was busy before; from then on a short silence
 * means that something is wrong.
 */
final class Peers implements AutoCloseable {
  /** A rank that says nothing for so long is lost. */
  static final int SILENCE_MILLIS = 4000;

  private static final int PULSE_MILLIS = 500;
  private static final byte[] NOTHING = {};
  private static final int NOBODY = -1;

  private final int rank;
  private final int world;
  private final Map<Integer, Link> links; // by rank: rank 0's to all, the others' to rank 0
  private final String[] names;
  private final Map<Long, Exchange> exchanges = new HashMap<>();
  private final Thread pulse;
  private long next;
  private String lost; // why nothing goes on
  private int leaver = NOBODY; // a rank that has ended its training
  private boolean isTelling; // the others what is lost
  private boolean isClosed;
  private Runnable atLoss = () -> {};

  /** Takes connections that have shaken hands. */
  Peers(int rank, int world, Map<Integer, Link> links, String[] names) {
    this.rank = rank;
    this.world = world;
    this.links = Map.copyOf(links);
    this.names = names.clone();
    pulse = daemon("pulse", this::beat);
    this.links.forEach((other, link) -> daemon("peer-" + other, () -> listen(other, link)));
  }

  private Thread daemon(String name, Runnable body) {
    Thread thread = new Thread(body, "vgg4j-" + name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  int rank() {
    return rank;
  }

  int world() {
    return world;
  }

  private void beat() {
    try {
      while (true) {
        Thread.sleep(PULSE_MILLIS);
        for (Map.Entry<Integer, Link> each : links.entrySet()) {
          send(each.getKey(), Link.Kind.PULSE, 0, NOTHING);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Sends to a rank; that this fails is no news when the rank has left. */
  private void send(int other, Link.Kind kind, long number, byte[] bytes) {
    try {
      links.get(other).send(kind, number, bytes);
    } catch (IOException e) {
      if (kind != Link.Kind.PULSE && kind != Link.Kind.LEAVES) {
        lose(other, "is gone: " + said(e));
      }
    }
  }

  private void listen(int other, Link link) {
    try {
      link.socket.setSoTimeout(SILENCE_MILLIS);
      boolean goesOn = true;
      while (goesOn) {
        Link.Message message = link.receive();
        switch (message.kind()) {
          case PULSE -> {}
          case HERE -> arrive(other, message.number(), message.bytes());
          case RESULT -> complete(message.number(), message.bytes());
          case LOST -> hear(new String(message.bytes(), StandardCharsets.UTF_8));
          case LEAVES -> goesOn = false;
        }
      }
      left(other);
    } catch (SocketTimeoutException e) {
      lose(other, "does not answer for " + SILENCE_MILLIS / 1000 + " s");
    } catch (EOFException e) {
      lose(other, "is gone: its connection was closed");
    } catch (IOException e) {
      lose(other, "is gone: " + said(e));
    }
  }

  private static String said(IOException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /**
   * Comes to the next exchange; all ranks come to the same in the same order.
   *
   * @param bytes what this rank gives
   * @return what it gets once all have come
   * @throws PeerLostException when a rank is lost already
   */
  CompletableFuture<byte[]> exchange(Exchange.Kind kind, byte[] bytes) {
    byte[] message = new byte[bytes.length + 1];
    message[0] = kind.code;
    System.arraycopy(bytes, 0, message, 1, bytes.length);
    Exchange exchange;
    long number;
    int gone;
    synchronized (this) {
      requireAll();
      gone = leaver;
      number = next++;
      exchange = exchanges.computeIfAbsent(number, n -> new Exchange(world));
    }
    if (gone != NOBODY) {
      miss(gone);
    } else if (rank == 0) {
      arrive(0, number, message);
    } else {
      send(0, Link.Kind.HERE, number, message);
    }
    return exchange.result;
  }

  /**
   * Rank 0 alone: one more has come. Results are sent under the lock, so that every rank gets them
   * in the order of the exchanges.
   */
  private void arrive(int from, long number, byte[] message) {
    String wrong = null;
    synchronized (this) {
      if (lost != null) {
        return;
      }
      Exchange exchange = exchanges.computeIfAbsent(number, n -> new Exchange(world));
      if (!exchange.take(from, message)) {
        return;
      }
      try {
        byte[] result = exchange.combine();
        for (int other : links.keySet()) {
          send(other, Link.Kind.RESULT, number, result);
        }
        complete(number, result);
      } catch (IllegalStateException e) {
        wrong = e.getMessage();
      }
    }
    if (wrong != null) {
      fail(wrong);
    }
  }

  private void complete(long number, byte[] result) {
    Exchange exchange;
    synchronized (this) {
      exchange = exchanges.remove(number);
    }
    if (exchange != null) {
      exchange.result.complete(result);
    }
  }

  /** A rank has left, which is wrong only where it is waited for, now or later. */
  private void left(int other) {
    boolean isMissed;
    synchronized (this) {
      leaver = other;
      isMissed = !isClosed && !exchanges.isEmpty();
    }
    if (isMissed) {
      miss(other);
    }
  }

  private void miss(int other) {
    lose(other, "has ended its training, and others have not");
  }

  /** Hears from another that something is lost; rank 0 tells the rest. */
  private void hear(String why) {
    if (rank == 0) {
      fail(why);
    } else {
      lose(why);
    }
  }

  private void lose(int other, String how) {
    links.get(other).close(); // first: a thread may hold the lock and wait until it can write there
    synchronized (this) {
      if (isClosed || lost != null) {
        return;
      }
    }
    fail("rank %d (%s) %s".formatted(other, names[other], how));
  }

  /**
   * Ends this rank's part: tells the others why, and makes all that waits fail. In this order,
   * since whoever waits here may leave as soon as it fails, and the others should hear the reason
   * first.
   */
  void fail(String why) {
    byte[] text = why.getBytes(StandardCharsets.UTF_8);
    lose(why, () -> links.keySet().forEach(other -> send(other, Link.Kind.LOST, 0, text)));
  }

  private void lose(String why) {
    lose(why, () -> {});
  }

  private void lose(String why, Runnable tell) {
    Map<Long, Exchange> waiting;
    Runnable action;
    synchronized (this) {
      if (isClosed || lost != null) {
        return;
      }
      lost = why;
      waiting = new HashMap<>(exchanges);
      exchanges.clear();
      action = atLoss;
      isTelling = true;
      notifyAll();
    }
    try {
      tell.run();
    } finally {
      synchronized (this) {
        isTelling = false;
        notifyAll();
      }
    }
    action.run();
    waiting.values().forEach(one -> one.result.completeExceptionally(new PeerLostException(why)));
  }

  /** Has something done when a rank is lost, at once where one is. */
  void onLoss(Runnable action) {
    synchronized (this) {
      if (lost == null) {
        atLoss = action;
        return;
      }
    }
    action.run();
  }

  /** Throws when a rank is lost. */
  synchronized void requireAll() {
    if (isClosed) {
      throw new IllegalStateException("the connections between the ranks are closed");
    }
    if (lost != null) {
      throw new PeerLostException(lost);
    }
  }

  /** Waits until it is known which rank is lost, and returns it, or null when none is. */
  synchronized String whoIsLost(long millis) throws InterruptedException {
    long end = System.nanoTime() + millis * 1_000_000;
    while (lost == null) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return null;
      }
      wait(left);
    }
    return lost;
  }

  @Override
  public void close() {
    synchronized (this) {
      if (isClosed) {
        return;
      }
      isClosed = true;
      awaitTold();
    }
    pulse.interrupt();
    links.keySet().forEach(other -> send(other, Link.Kind.LEAVES, 0, NOTHING));
    links.values().forEach(Link::close);
  }

  /**
   * Waits until the others have been told what is lost: who finds out by itself may leave at once,
   * and they should not take that for the reason.
   */
  private void awaitTold() {
    long end = System.nanoTime() + SILENCE_MILLIS * 1_000_000L;
    try {
      for (long left = SILENCE_MILLIS; isTelling && left > 0; ) {
        wait(left);
        left = (end - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
