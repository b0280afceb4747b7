package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.InvalidInputException;

/** What follows the colon of --device. */
final class DeviceNameTest {
  @Test
  void gpusHaveNumbers() {
    assertEquals(new DeviceName("cuda", 0), DeviceName.of("cuda"));
    assertEquals(new DeviceName("cuda", 0), DeviceName.of("cuda:0"));
    assertEquals(new DeviceName("cuda", 12), DeviceName.of("cuda:12"));
    assertEquals(new DeviceName("cpu", 0), DeviceName.of("cpu"));
    assertEquals("cuda", Backends.engine("cuda:1"));
  }

  @ParameterizedTest
  @CsvSource({
    "auto:0, only cuda takes a number",
    "cpu:1, only cuda takes a number",
    "reference:1, only cuda takes a number",
    "cuda:, must follow the colon",
    "cuda:x, must follow the colon",
    "cuda:-1, must follow the colon",
    "cuda:1:2, must follow the colon",
    "cuda:99999999999, must follow the colon"
  })
  void anythingElseIsRefused(String device, String message) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> Backends.open(device));
    assertTrue(refusal.getMessage().startsWith("device " + device + ": "), refusal::getMessage);
    assertTrue(refusal.getMessage().contains(message), refusal::getMessage);
  }
}
