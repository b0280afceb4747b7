package org.vgg4j.backend.cuda.operations;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class AlgorithmPolicyTest {
  private static long limit(Long given, long memoryBytes) {
    return new AlgorithmPolicy(false, false, given, Map.of()).on(memoryBytes).workspaceLimit();
  }

  @Test
  void workspaceIsATwelfthOfTheGpuUnlessALimitIsGiven() {
    assertEquals(2L << 30, limit(null, 24L << 30));
    assertEquals(1L << 30, limit(null, 8L << 30), "never less than 1 GiB");
    assertEquals(5, limit(5L, 24L << 30));
    assertEquals(0, limit(0L, 24L << 30), "zero is a limit");
  }
}
