package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.vgg4j.run.ProcessMemory;

/** Memory that C code has freed, which the C library keeps for later. */
@EnabledOnOs(OS.LINUX)
final class TrimMemoryTest {
  private static final int BLOCK = 64 << 10; // less than what the C library maps by itself

  @Test
  void freedMemoryGoesBackToTheSystem() {
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT)) {
      backend.trimMemory(); // loads what it needs
      List<Pointer> blocks = new ArrayList<>();
      for (int i = 0; i < 1024; i++) {
        blocks.add(Pointer.malloc(BLOCK));
        Pointer.memset(blocks.get(i), 1, BLOCK);
      }
      Pointer last = blocks.remove(blocks.size() - 1); // what is before it cannot shrink away
      blocks.forEach(Pointer::free);
      long before = ProcessMemory.held();
      backend.trimMemory();
      long given = before - ProcessMemory.held();
      Pointer.free(last);
      assertTrue(given > 32L << 20, given + " bytes went back");
    }
  }
}
