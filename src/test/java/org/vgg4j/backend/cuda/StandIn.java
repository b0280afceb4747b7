package org.vgg4j.backend.cuda;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.junit.jupiter.api.Assumptions;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;

/** The control channel of the stand-in: limits of a device that a real driver refuses. */
public final class StandIn {
  /** Those of the device's memory, unless {@link #capacity} sets others. */
  public static final long BYTES = 4L << 30;

  private static final int BASE = 0x51A40000;
  private static final int FAULTS = 0;
  private static final int CAPACITY = 1;
  private static final int RESET = 2;
  private static final int QUIET = 5;
  private static final int SELECT = 6;
  private static final int DEVICES = 8;
  private static final int SHUFFLED = 9;
  private static final int CALLED = 10;
  private static final int CALLED_BYTES = 8192;
  private static final int NCCL_ENVIRONMENT = 11;
  private static final int ENVIRONMENT_BYTES = 1024;
  private static final int IS_STANDIN = 32;
  private static final int LIVE_BYTES = 33;
  private static final int PEAK_BYTES = 34;
  private static final int VIOLATIONS = 36;
  private static final int CALLS = 37;
  private static final int PAGEABLE_COPIES = 38;
  private static final int GRAPH_BYTES = 40;
  private static final int LIVE = 64;

  /** What can be alive, in the order of the stand-in's counts. */
  private static final List<String> KINDS =
      List.of(
          "allocations",
          "pinned allocations",
          "streams",
          "events",
          "libraries",
          "cublasLt objects",
          "cuDNN handles",
          "cuDNN descriptors",
          "NVRTC programs",
          "graphs",
          "executable graphs",
          "NCCL communicators");

  private StandIn() {}

  /** Loads the stand-in; a single test is skipped on a GPU. */
  public static void require() {
    Assumptions.assumeFalse(CudaUnderTest.isGpu(), "a GPU takes no injected faults");
    CudaLibraries.load(CudaUnderTest.libraries());
    if (read(IS_STANDIN) != 1) {
      throw new IllegalStateException("this is no stand-in");
    }
    control(QUIET, 1);
    reset();
  }

  /** Clears faults, sticky errors and counts. */
  public static void reset() {
    control(RESET, 0);
  }

  /** Makes calls fail: {@code cudaMalloc@3=2;*@17=700!}, as native/standin/README.md says. */
  public static void faults(String text) {
    try (BytePointer bytes = new BytePointer(text)) {
      control(FAULTS, bytes.address());
    }
  }

  /** Sets the bytes of the device. */
  public static void capacity(long bytes) {
    control(CAPACITY, bytes);
  }

  /**
   * Has everything that nothing orders run in a random order: streams, the branches of a graph, the
   * threads of a kernel; 0 ends that.
   */
  public static void shuffle(long seed) {
    control(SHUFFLED, seed);
  }

  /** Sets how many GPUs there are, one at first. */
  public static void devices(int count) {
    control(DEVICES, count);
  }

  /** Returns the calls of a function, or of any for "*", since faults were set or reset. */
  public static long calls(String function) {
    try (BytePointer bytes = new BytePointer(function)) {
      control(SELECT, bytes.address());
      return read(CALLS);
    }
  }

  /** Returns how often each function was called, of those that were, since faults were set. */
  static Map<String, Long> calls() {
    Map<String, Long> calls = new LinkedHashMap<>();
    try (BytePointer text = new BytePointer(CALLED_BYTES)) {
      control(CALLED, text.address());
      String[] lines = text.limit(0).getString().split("\n"); // without a limit, up to the zero
      for (String line : lines) {
        int space = line.indexOf(' ');
        if (space > 0) {
          calls.put(line.substring(0, space), Long.valueOf(line.substring(space + 1)));
        }
      }
    }
    return calls;
  }

  /** Returns what NCCL found in its environment when it made a communicator last, a line each. */
  static List<String> ncclEnvironment() {
    try (BytePointer text = new BytePointer(ENVIRONMENT_BYTES)) {
      control(NCCL_ENVIRONMENT, text.address());
      return text.limit(0).getString().lines().toList();
    }
  }

  /** Returns the bytes of device memory in allocations. */
  static long liveBytes() {
    return read(LIVE_BYTES);
  }

  /** Returns the bytes of device memory that graphs hold. */
  static long graphBytes() {
    return read(GRAPH_BYTES);
  }

  /** Returns the most bytes of device memory since the reset, with those of graphs. */
  static long peakBytes() {
    return read(PEAK_BYTES);
  }

  static long violations() {
    return read(VIOLATIONS);
  }

  static long pageableCopies() {
    return read(PAGEABLE_COPIES);
  }

  /** Returns what is alive, by kind; what there is none of is left out. */
  public static Map<String, Long> live() {
    Map<String, Long> live = new LinkedHashMap<>();
    for (int kind = 0; kind < KINDS.size(); kind++) {
      long count = read(LIVE + kind);
      if (count != 0) {
        live.put(KINDS.get(kind), count);
      }
    }
    return live;
  }

  private static void control(int what, long value) {
    int status = cudart.cudaDeviceSetLimit(BASE + what, value);
    if (status != 0) {
      throw new IllegalStateException("the stand-in refuses " + what + ": " + status);
    }
  }

  private static long read(int what) {
    try (SizeTPointer value = new SizeTPointer(1)) {
      int status = cudart.cudaDeviceGetLimit(value, BASE + what);
      if (status != 0) {
        throw new IllegalStateException("the stand-in does not know " + what + ": " + status);
      }
      return value.get();
    }
  }
}
