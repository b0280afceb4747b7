package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.bytedeco.dnnl.memory;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;

/** When the memory that plans share is taken. */
final class WorkspaceTest {
  @Test
  void growsWhenAPlanIsMade() {
    try (Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT)) {
      Workspace workspace = dnnl.workspace();
      workspace.reserve(1000);
      workspace.reserve(2000);
      NativeMemory taken = workspace.memory();
      assertEquals(2000, taken.bytes());
      workspace.reserve(1500);
      assertSame(taken, workspace.memory());
      workspace.reserve(3000);
      assertThrows(IllegalStateException.class, taken::checkOpen);
      assertNotSame(taken, workspace.memory());
      assertEquals(3000, workspace.memory().bytes());
    }
  }

  @Test
  void keepsItsMemoryWhenThereIsNoMore() {
    try (Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT)) {
      Workspace workspace = dnnl.workspace();
      workspace.reserve(1000);
      NativeMemory taken = workspace.memory();
      assertThrows(OutOfDeviceMemoryException.class, () -> workspace.reserve(1L << 50));
      assertSame(taken, workspace.memory());
      taken.checkOpen();
    }
  }

  @Test
  void isFreedWhenNoPlanIsLeft() {
    try (Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT)) {
      Workspace workspace = dnnl.workspace();
      OneDnnLayout large = OneDnnLayout.plain(Shape.of(1 << 20), DType.F32);
      OneDnnLayout small = OneDnnLayout.plain(Shape.of(1 << 10), DType.F32);
      Scratch first = new Scratch(dnnl);
      first.place(large);
      first.place(small);
      Scratch second = new Scratch(dnnl);
      second.place(small);
      NativeMemory taken = workspace.memory();
      first.close();
      first.close();
      assertSame(taken, workspace.memory());
      second.close();
      assertThrows(IllegalStateException.class, taken::checkOpen);
      try (Scratch third = new Scratch(dnnl)) {
        third.place(small);
        assertEquals(small.bytes(), workspace.memory().bytes());
      }
    }
  }

  /** A plan may need more than any machine has; that shows when the workspace is allocated. */
  @Test
  void isTakenByTheBackendBeforeTheFirstRun() {
    Shape shape = Shape.of(1 << 24, 16, 1024, 1024);
    memory.desc channelsLast =
        new memory.desc(Dnnl.dims(shape), memory.data_type.f32, memory.format_tag.acdb);
    try (OneDnnBackend backend = new OneDnnBackend();
        StepState state = backend.newStepState();
        DropoutPlan plan =
            backend.dropout(new DropoutSpec(0.5, 1), OneDnnLayout.of(shape, channelsLast), state)) {
      assertEquals(2 * 4 * shape.elementCount(), plan.workspaceBytes());
      assertThrows(OutOfDeviceMemoryException.class, backend::allocateWorkspace);
    }
  }
}
