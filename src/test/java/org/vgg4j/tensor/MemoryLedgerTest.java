package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.testing.ErrorLines;

final class MemoryLedgerTest {
  private static final int MIB = 1 << 20;

  private final MemoryLedger ledger = new MemoryLedger("test");

  @Test
  void bytesAndPeaksByOwnerAndInAll() {
    MemoryLedger.Entry first = ledger.enter("a", MemorySpace.DEVICE, 100);
    ledger.enter("b", MemorySpace.DEVICE, 30);
    ledger.enter("a", MemorySpace.PINNED, 7);
    first.close();
    first.close(); // counts once
    ledger.enter("a", MemorySpace.DEVICE, 20);
    MemoryUse use = ledger.use();
    assertEquals(new MemoryUse.Total(50, 130), use.device());
    assertEquals(new MemoryUse.Total(7, 7), use.pinned());
    assertEquals(
        List.of(
            new MemoryUse.Owner("b", MemorySpace.DEVICE, 30, 30, 1),
            new MemoryUse.Owner("a", MemorySpace.DEVICE, 20, 100, 1),
            new MemoryUse.Owner("a", MemorySpace.PINNED, 7, 7, 1)),
        use.owners());
    assertEquals(20, use.bytes("a", MemorySpace.DEVICE));
    assertEquals(0, use.bytes("c", MemorySpace.DEVICE));
    assertEquals(
        List.of(
            new MemoryUse.Allocation("b", MemorySpace.DEVICE, 30, null),
            new MemoryUse.Allocation("a", MemorySpace.PINNED, 7, null),
            new MemoryUse.Allocation("a", MemorySpace.DEVICE, 20, null)),
        use.live());
  }

  @Test
  void linesForPeople() {
    assertEquals("", ledger.use().largest(3));
    MemoryLedger.Entry most = ledger.enter("most", MemorySpace.DEVICE, 5 * MIB);
    ledger.enter("little", MemorySpace.DEVICE, 1);
    ledger.enter("more", MemorySpace.DEVICE, MIB + 1);
    ledger.enter("less", MemorySpace.DEVICE, 2000);
    ledger.enter("host", MemorySpace.PINNED, 3 * MIB);
    assertEquals("7 MiB: most 5 MiB, more 2 MiB, less 2 KiB", ledger.use().largest(3));
    most.close();
    assertEquals(
        "7 MiB and 3 MiB pinned on the host (most 5 MiB, more 2 MiB)", ledger.use().peakLine(2));
    assertEquals(
        "most 5 MiB, host (pinned) 3 MiB, more 2 MiB, less 2 KiB, little 1 KiB",
        ledger.use().peaks());
  }

  @Test
  void whatEndsMemoryIsNamed() {
    ledger.enter("activations", MemorySpace.DEVICE, 5 * MIB);
    ledger.enter("moments", MemorySpace.DEVICE, 2 * MIB);
    assertEquals(
        "not enough memory on the GPU: 3 MiB needed, 1 MiB free; this engine holds 7 MiB:"
            + " activations 5 MiB, moments 2 MiB",
        new OutOfDeviceMemoryException("the GPU", 3 * MIB, MIB, "", ledger.use()).getMessage());
  }

  @Test
  void everyLeakHasItsLine() {
    MemoryLedger.Entry freed = ledger.enter("freed", MemorySpace.DEVICE, 1);
    ledger.enter("kept", MemorySpace.DEVICE, 12);
    ledger.enter("kept too", MemorySpace.PINNED, 34);
    freed.close();
    List<String> lines = ErrorLines.of(ledger::logLeaks);
    assertEquals(2, lines.size(), lines::toString);
    assertTrue(
        lines
            .get(0)
            .endsWith(
                "the test engine was closed and this was not: kept, 12 bytes of device memory"),
        lines::toString);
    assertTrue(lines.get(1).endsWith("kept too, 34 bytes of pinned host memory"), lines::toString);
  }

  @Test
  void linesOfJavaAreKeptWhenAskedFor() {
    System.setProperty(MemoryLedger.TRACE, "true");
    try {
      MemoryLedger traced = new MemoryLedger("test");
      new Allocator().take(traced);
      String place = traced.use().live().get(0).place();
      assertTrue(
          place.matches(
              "MemoryLedgerTest.linesOfJavaAreKeptWhenAskedFor\\(MemoryLedgerTest.java:\\d+\\)( <"
                  + " .*)?"),
          place);
    } finally {
      System.clearProperty(MemoryLedger.TRACE);
    }
    ledger.enter("a", MemorySpace.DEVICE, 1);
    assertNull(ledger.use().live().get(0).place());
  }

  /** What allocates, and is no news to a reader of the place. */
  private static final class Allocator {
    void take(MemoryLedger ledger) {
      ledger.enter("a", MemorySpace.DEVICE, 1);
    }
  }
}
