package org.vgg4j.backend.cuda;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.vgg4j.backend.cuda.EngineLife.Outcome;
import org.vgg4j.backend.cuda.EngineLife.Place;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** Lives of an engine in which one call fails, and what is wrong with how they end. */
final class FaultSweep {
  /** How a call fails. */
  enum Kind {
    /** The call is refused, and all others work. */
    REFUSED,
    /** The call finds the device lost, as all others do from then on. */
    LOST,
    /** The call and all after it are refused: what is closed then must not hide the first. */
    ALL_REFUSED
  }

  /**
   * What may fail without an exception: cuDNN has other plans, and steps run call by call where
   * they cannot be captured. All that a capture calls is in it.
   */
  private static final Set<String> MAY_BE_ABSORBED =
      Set.of(
          "cudnnBackendCreateDescriptor",
          "cudnnBackendDestroyDescriptor",
          "cudnnBackendSetAttribute",
          "cudnnBackendGetAttribute",
          "cudnnBackendFinalize",
          "cudnnBackendExecute",
          "cudnnSetStream",
          "cublasLtMatmul",
          "cublasLtMatmulDescSetAttribute",
          "cudaLaunchKernel",
          "cudaMemsetAsync",
          "cudaEventCreateWithFlags",
          "cudaEventRecord",
          "cudaStreamCreateWithFlags",
          "cudaStreamWaitEvent",
          "cudaStreamBeginCapture",
          "cudaStreamEndCapture",
          "cudaGraphInstantiate",
          "cudaGraphUpload",
          "cudaGraphDestroy");

  /** What may fail beside that while something is timed, which then is not. */
  private static final Set<String> TIMING =
      Set.of("cudaMalloc", "cudaMallocHost", "cudaEventSynchronize", "cudaEventElapsedTime");

  private static final Set<String> ALLOCATIONS =
      Set.of("cudaMalloc", "cudaMallocHost", "cudaGraphUpload");

  /** After so many refused calls another training shows that the device still works. */
  private static final int TRAINING_EVERY = 10;

  private final EngineLife life;
  private final boolean isTimed;
  private final List<Double> bits;
  private final Map<Place, Map<String, Long>> calls;
  private final List<String> problems = new ArrayList<>();
  private final Map<Kind, Integer> cases = new EnumMap<>(Kind.class);
  private final Map<String, Integer> absorbed = new TreeMap<>();
  private final Set<String> failing = new TreeSet<>();
  private Map<String, Long> before = StandIn.live();
  private boolean isAbsorbed; // the last call that was refused

  /**
   * Starts with a life in which nothing fails.
   *
   * @param isTimed whether timings decide about the engine's plans, so that no two lives need agree
   */
  FaultSweep(EngineLife life, boolean isTimed) {
    this.life = life;
    this.isTimed = isTimed;
    Outcome undisturbed = life.run();
    if (undisturbed.failure() != null) {
      throw undisturbed.failure();
    }
    bits = undisturbed.bits();
    calls = life.calls();
  }

  /** Returns the fault of a call; statuses are those of its library. */
  private static String fault(Kind kind, String function, long call) {
    int status;
    if (function.startsWith("cudnn")) {
      status = 5000;
    } else if (function.startsWith("cublas")) {
      status = 13;
    } else if (function.startsWith("nvrtc")) {
      status = 11;
    } else if (kind == Kind.LOST) {
      status = call % 2 == 0 ? 700 : 719;
    } else {
      status = ALLOCATIONS.contains(function) ? 2 : 1;
    }
    String mark = kind == Kind.LOST ? "!" : kind == Kind.ALL_REFUSED ? "+" : "";
    return function + "@" + call + "=" + status + mark;
  }

  /**
   * Runs a life in which a call fails; {@code ALL_REFUSED} comes after {@code REFUSED} of the same.
   *
   * @param opens whether the call is one of those that open the engine
   */
  void run(Kind kind, String function, long call, boolean opens) {
    String fault = fault(kind, function, call);
    StandIn.reset();
    StandIn.faults(fault);
    Outcome outcome = life.run();
    Map<String, Long> live = StandIn.live();
    boolean hasFailed = StandIn.calls(function) >= call;
    StandIn.reset();
    if (!hasFailed && isTimed) { // short work is run more often than long work
      return;
    }
    failing.add(function);
    int count = cases.merge(kind, 1, Integer::sum);
    if (!live.equals(before)) {
      problem(fault, "leaves " + live + " where there was " + before, outcome.failure());
      before = live; // one leak is one problem
    }
    if (outcome.left() != null && !outcome.left().live().isEmpty()) {
      problem(fault, "leaves in the ledger " + outcome.left().live(), outcome.failure());
    }
    if (kind == Kind.REFUSED) {
      isAbsorbed = outcome.failure() == null;
    }
    if (outcome.failure() == null) {
      absorbed.merge(function, 1, Integer::sum);
      checkAbsorbed(kind, fault, outcome);
    } else {
      checkFailure(kind, function, fault, opens, outcome.failure());
    }
    if (kind == Kind.REFUSED && count % TRAINING_EVERY == 0) {
      Outcome next = life.run();
      if (next.failure() != null || (!isTimed && !next.bits().equals(bits))) {
        problem(fault, "disturbs a training after it", next.failure());
      }
    }
  }

  private void checkAbsorbed(Kind kind, String fault, Outcome outcome) {
    if (kind != Kind.REFUSED) {
      problem(fault, "is not noticed", null);
    }
    boolean isOtherPlan = fault.startsWith("cudnnBackend"); // whose sums have another order
    if (!isTimed && !isOtherPlan && !outcome.bits().equals(bits)) {
      problem(fault, "changes the result", null);
    }
  }

  private void checkFailure(
      Kind kind, String function, String fault, boolean opens, RuntimeException failure) {
    boolean isTyped =
        (opens && failure instanceof DeviceUnavailableException)
            || (kind == Kind.LOST
                ? failure instanceof DeviceLostException
                : failure instanceof CudaException
                    || failure instanceof OutOfDeviceMemoryException
                    || failure instanceof InvalidInputException);
    if (!isTyped) {
      problem(fault, "ends in another exception", failure);
    }
    // What would have been absorbed, had all else worked, is only the cause of what is thrown.
    boolean isFirst = kind != Kind.ALL_REFUSED || !isAbsorbed;
    if (isFirst && !failure.getMessage().contains(function)) {
      problem(fault, "is not named", failure);
    }
    if (kind != Kind.ALL_REFUSED && failure.getSuppressed().length > 0) {
      problem(fault, "lets something fail again", failure);
    }
  }

  private void problem(String fault, String what, RuntimeException failure) {
    StringWriter trace = new StringWriter();
    if (failure != null) {
      failure.printStackTrace(new PrintWriter(trace));
    }
    problems.add(fault + " " + what + "\n" + trace);
  }

  /** Returns the functions that a life calls. */
  Set<String> functions() {
    return calls.get(Place.ENDED).keySet();
  }

  /** Returns how often a function is called up to a place of a life. */
  long calls(String function, Place place) {
    return calls.get(place).getOrDefault(function, 0L);
  }

  List<String> problems() {
    return problems;
  }

  /** Returns the functions of which a failure ended in no exception, and should have. */
  Set<String> silent() {
    Set<String> silent = new TreeSet<>(absorbed.keySet());
    silent.removeAll(MAY_BE_ABSORBED);
    if (isTimed) {
      silent.removeAll(TIMING);
    }
    return silent;
  }

  /** Returns the counts. */
  String text() {
    long all = calls.get(Place.ENDED).values().stream().mapToLong(Long::longValue).sum();
    return "%d calls of %d functions; of %d functions fail %s; no exception: %s"
        .formatted(all, functions().size(), failing.size(), cases, absorbed);
  }
}
