package org.vgg4j.spark.gloo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.vgg4j.collective.PeerLostException;

/** Where rank 0 waits for the others: a port of one interface, for one attempt. */
public final class Door implements AutoCloseable {
  private static final int HANDSHAKE_MILLIS = 5000;

  private final ServerSocket socket;
  private final Meeting meeting;
  private final Map<Integer, Link> links = new HashMap<>();
  private final Map<Integer, String> names = new HashMap<>();

  /**
   * Opens a free port.
   *
   * @param address of the interface; no other is listened on
   */
  public Door(InetAddress address) throws IOException {
    socket = new ServerSocket();
    try {
      socket.bind(new InetSocketAddress(address, 0), 1024);
    } catch (IOException e) {
      socket.close();
      throw new IOException("cannot listen on " + address.getHostAddress() + ": " + e.getMessage());
    }
    meeting = new Meeting(address.getHostAddress(), socket.getLocalPort(), Handshake.newSecret());
  }

  /** Returns what the other ranks need to come. */
  public Meeting meeting() {
    return meeting;
  }

  /** Waits until all ranks are there. */
  Peers receive(int world, Duration patience) {
    String own = name();
    long end = System.nanoTime() + patience.toNanos();
    try {
      while (true) {
        long left = (end - System.nanoTime()) / 1_000_000;
        synchronized (this) {
          if (links.size() == world - 1) {
            break;
          }
          if (left <= 0) {
            throw new PeerLostException(
                "not there after %d s: rank %s".formatted(patience.toSeconds(), missing(world)));
          }
        }
        accept(world, own, (int) Math.min(left, 50));
      }
    } catch (IOException | RuntimeException e) {
      closeLinks();
      throw e instanceof RuntimeException own1
          ? own1
          : new PeerLostException("cannot wait for the other ranks: " + e.getMessage(), e);
    }
    String[] all = new String[world];
    all[0] = own;
    synchronized (this) {
      names.forEach((rank, name) -> all[rank] = name);
      Peers peers = new Peers(0, world, links, all);
      links.clear(); // they are the peers' now
      return peers;
    }
  }

  private String missing(int world) {
    return IntStream.range(1, world)
        .filter(rank -> !links.containsKey(rank))
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", "));
  }

  /** Takes one connection, whose first words are heard on a thread of its own. */
  private void accept(int world, String own, int millis) throws IOException {
    Socket come;
    try {
      socket.setSoTimeout(Math.max(1, millis));
      come = socket.accept();
    } catch (SocketTimeoutException e) {
      return;
    }
    Thread thread = new Thread(() -> shakeHands(come, world, own), "vgg4j-handshake");
    thread.setDaemon(true);
    thread.start();
  }

  private void shakeHands(Socket come, int world, String own) {
    Link link = null;
    try {
      come.setSoTimeout(HANDSHAKE_MILLIS);
      link = new Link(come);
      Handshake.Guest guest = Handshake.receive(link.in, link.out, meeting.secret(), world, own);
      synchronized (this) {
        if (guest != null && links.putIfAbsent(guest.rank(), link) == null) {
          names.put(guest.rank(), guest.name());
          return;
        }
      }
      link.close();
    } catch (IOException e) {
      // A stranger, or a rank that died just now; the ranks that are missing are told in the end.
      if (link != null) {
        link.close();
      }
    }
  }

  /** Comes to the door of rank 0. */
  static Peers join(Meeting meeting, int rank, int world, InetAddress from) {
    Socket socket = new Socket();
    try {
      if (from != null) {
        socket.bind(new InetSocketAddress(from, 0));
      }
      socket.connect(new InetSocketAddress(meeting.host(), meeting.port()), HANDSHAKE_MILLIS);
      socket.setSoTimeout(HANDSHAKE_MILLIS);
      Link link = new Link(socket);
      String[] names = new String[world];
      names[0] = Handshake.introduce(link.in, link.out, meeting.secret(), rank, world, name());
      return new Peers(rank, world, Map.of(0, link), names);
    } catch (IOException e) {
      try {
        socket.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw new PeerLostException(
          "rank 0 cannot be reached at %s: %s".formatted(meeting, e.getMessage()), e);
    }
  }

  /** Returns what messages call this process. */
  private static String name() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      host = "unknown host";
    }
    return host + ", process " + ProcessHandle.current().pid();
  }

  private synchronized void closeLinks() {
    links.values().forEach(Link::close);
    links.clear();
  }

  @Override
  public void close() {
    closeLinks();
    try {
      socket.close();
    } catch (IOException e) {
      // Nobody is waited for any more.
    }
  }
}
