package org.vgg4j.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;

/** Which of a machine's addresses the ranks use: nothing listens on any other. */
final class Network {
  /** The machine itself: what is taken when nothing is said. */
  static final String LOOPBACK = "loopback";

  private Network() {}

  /**
   * Returns the address of this machine in a network.
   *
   * @param name {@value #LOOPBACK}, an interface such as eth0, or addresses such as 10.1.0.0/16
   * @throws InvalidInputException when this machine has none there
   */
  static InetAddress address(String name) {
    if (name.equals(LOOPBACK)) {
      return InetAddress.getLoopbackAddress();
    }
    try {
      List<InetAddress> found = name.contains("/") ? within(name) : of(name);
      if (found.isEmpty()) {
        throw InvalidInputException.of(
            "network", "%s: this machine has no address there".formatted(name));
      }
      return found.get(0);
    } catch (IOException e) {
      throw InvalidInputException.of("network", name + ": " + e.getMessage(), e);
    }
  }

  private static List<InetAddress> of(String name) throws IOException {
    NetworkInterface found = NetworkInterface.getByName(name);
    if (found == null) {
      throw InvalidInputException.of(
          "network",
          "%s is no interface of this machine; it has %s"
              .formatted(
                  name, String.join(", ", interfaces().map(NetworkInterface::getName).toList())));
    }
    return addresses(found).toList();
  }

  private static List<InetAddress> within(String prefix) throws IOException {
    String[] parts = prefix.split("/", 2);
    if (!parts[0].matches("[0-9a-fA-F.:]+") || !parts[1].matches("\\d{1,3}")) {
      throw InvalidInputException.of(
          "network",
          "must be loopback, an interface such as eth0, or addresses such as 10.1.0.0/16, not "
              + prefix);
    }
    byte[] base = bytes(parts[0]);
    int bits = Integer.parseInt(parts[1]);
    if (bits > base.length * 8) {
      throw InvalidInputException.of(
          "network", prefix + " has more than " + base.length * 8 + " bits");
    }
    return interfaces()
        .flatMap(Network::addresses)
        .filter(address -> matches(address.getAddress(), base, bits))
        .toList();
  }

  private static byte[] bytes(String literal) throws UnknownHostException {
    return InetAddress.getByName(literal).getAddress(); // a literal: no name is looked up
  }

  private static boolean matches(byte[] address, byte[] base, int bits) {
    if (address.length != base.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> bit % 8;
      if ((address[bit / 8] & mask) != (base[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }

  private static Stream<NetworkInterface> interfaces() throws IOException {
    return NetworkInterface.networkInterfaces();
  }

  /** IPv4 before IPv6, which is told by its length. */
  private static Stream<InetAddress> addresses(NetworkInterface of) {
    return Collections.list(of.getInetAddresses()).stream()
        .sorted((a, b) -> Integer.compare(a.getAddress().length, b.getAddress().length));
  }
}
