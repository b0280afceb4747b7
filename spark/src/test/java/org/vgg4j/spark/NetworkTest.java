package org.vgg4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.tensor.InvalidInputException;

class NetworkTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"loopback", "127.0.0.0/8", "127.0.0.1/32", "126.0.0.0/7", "127.128.0.0/8"})
  void theLoopbackIsFoundByNameAndByItsAddresses(String name) {
    assertEquals("127.0.0.1", Network.address(name).getHostAddress());
  }

  @Test
  void anInterfaceHasItsOwnAddress() throws Exception {
    NetworkInterface loopback = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    assertEquals("127.0.0.1", Network.address(loopback.getName()).getHostAddress());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "nosuch0; is no interface of this machine; it has ",
        "198.51.100.0/24; this machine has no address there",
        "127.0.0.2/32; this machine has no address there",
        "10.1.0.0/33; has more than 32 bits",
        "10.1.0.0/x; must be loopback, an interface such as eth0, or addresses such as 10.1.0.0/16",
        "example.org/8; must be loopback, an interface such as eth0, or addresses",
        "::1/129; has more than 128 bits"
      })
  void whatIsNoNetworkHereIsRefused(String name, String reason) {
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> Network.address(name));
    assertEquals("network", refused.field());
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
  }
}
