package org.vgg4j.backend.cuda.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.calls.CudaContext;

/** When the shared workspace takes its memory. */
@OnStandIn
final class WorkspaceTest {
  @Test
  void onlyAtAPlansFirstUse() {
    StandIn.require();
    try (CudaContext context = CudaContext.open(0);
        Workspace workspace = new Workspace(context);
        Workspace.Share small = workspace.share(256)) {
      StandIn.reset();
      small.pointer();
      assertEquals(1, StandIn.calls("cudaMalloc"));
      try (Workspace.Share large = workspace.share(512);
          Workspace.Share none = workspace.share(0)) {
        small.pointer();
        assertEquals(1, StandIn.calls("cudaMalloc"));
        large.pointer();
        assertEquals(2, StandIn.calls("cudaMalloc"));
        assertEquals(large.pointer(), small.pointer());
        assertNull(none.pointer());
        assertEquals(2, StandIn.calls("cudaMalloc"));
      }
    }
  }
}
