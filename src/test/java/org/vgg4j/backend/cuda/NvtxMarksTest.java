package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;

/** The ranges that a profiler such as Nsight Systems sees, on a library that writes them down. */
@OnStandIn
final class NvtxMarksTest {
  private static final Path LIBRARY =
      Path.of(System.getProperty("basedir", "."), "target/standin/nvtx/libnvtx3interop.so.1");

  @Test
  void sectionsAreRanges() {
    try (CudaBackend backend = CudaUnderTest.open()) {
      assertSame(StepMarks.NONE, backend.marks(), "no profiler started this process");
      StepMarks marks = NvtxMarks.of(LIBRARY.toAbsolutePath());
      marks.begin(StepPart.FORWARD, "features.3", List.of());
      marks.begin(StepPart.BACKWARD, "features.3", List.of());
      marks.end();
      marks.end();
      marks.begin(StepPart.UPDATE, "optimizer", List.of());
      marks.end();
    }
    assertEquals(
        "forward features.3\n-\nbackward features.3\n-\nupdate optimizer\n-\n",
        new BytePointer(Loader.addressof("standin_nvtx_log")).getString());
  }
}
