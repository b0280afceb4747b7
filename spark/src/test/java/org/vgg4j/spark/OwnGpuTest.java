package org.vgg4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.InvalidInputException;

class OwnGpuTest {
  private static final List<String> HOSTS = List.of("a", "b", "a", "a", "b");

  @Test
  void workersOfAMachineTakeItsGpusInOrder() {
    assertEquals("0", OwnGpu.number(HOSTS, 0, 3));
    assertEquals("0", OwnGpu.number(HOSTS, 1, 2));
    assertEquals("1", OwnGpu.number(HOSTS, 2, 3));
    assertEquals("2", OwnGpu.number(HOSTS, 3, 8));
    assertEquals("1", OwnGpu.number(HOSTS, 4, 2));
  }

  @Test
  void oneWorkerOrNoGpuLeavesNothingToChoose() {
    assertNull(OwnGpu.number(List.of("a", "b"), 1, 8));
    assertNull(OwnGpu.number(HOSTS, 2, 0));
  }

  @Test
  void fewerGpusThanWorkersAreRefused() {
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> OwnGpu.number(HOSTS, 0, 1));
    assertEquals("workers", refused.field());
    String message = refused.getMessage();
    assertTrue(
        message.endsWith(
            "3 on a, which has 1 GPU; each needs one of its own: use fewer workers, or --device"
                + " cpu"),
        message);
  }
}
