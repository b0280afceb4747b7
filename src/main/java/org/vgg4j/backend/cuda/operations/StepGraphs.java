package org.vgg4j.backend.cuda.operations;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CapturedGraph;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Recorded;

/**
 * How an engine runs training steps: as CUDA graphs of one line or with branches, which give the
 * same bits, or call by call. The faster graph is found by timing the first steps, unless it was
 * chosen before; deterministic engines take the one line.
 */
public final class StepGraphs {
  private static final Logger LOG = LoggerFactory.getLogger(StepGraphs.class);

  /** The name of the choice, and its two values. */
  private static final String CHOICE = "step graph";

  private static final String BRANCHED = "branched";
  private static final String SERIAL = "serial";

  private final CudaDevice device;
  private boolean captures;
  private String form; // null before it is chosen
  private boolean isTiming;

  StepGraphs(CudaDevice device, boolean graph) {
    this.device = device;
    captures = graph;
    String given = device.policy().choices().get(CHOICE);
    boolean known = BRANCHED.equals(given) || SERIAL.equals(given);
    form = known ? given : device.policy().deterministic() ? SERIAL : null;
  }

  /** Returns whether plans must not share memory between what may run on different branches. */
  boolean mayBranch() {
    return captures && !SERIAL.equals(form);
  }

  Map<String, String> chosen() {
    return captures && form != null ? Map.of(CHOICE, form) : Map.of();
  }

  /** Records work that has run once. */
  public Recorded record(Runnable work) {
    return captures ? new StepRecording(device, this, work) : work::run;
  }

  boolean captures() {
    return captures;
  }

  /** Goes on call by call, in this engine's later recordings too. */
  void stopCapturing(RuntimeException reason) {
    captures = false;
    LOG.warn("Steps run call by call: none could be made a CUDA graph ({})", reason.getMessage());
  }

  /** Says that a step goes on call by call, the others as they are. */
  void notCaptured(Throwable reason) {
    LOG.warn(
        "A step runs call by call from now on: it failed before it was captured again, for a"
            + " workspace that has moved ({})",
        reason.getMessage());
  }

  /** Captures work in the form that was chosen, or in one line while that is open. */
  CapturedGraph capture(Runnable work) {
    CapturedGraph branched = BRANCHED.equals(form) ? branched(work) : null;
    return branched != null ? branched : CapturedGraph.of(device.context(), false, work);
  }

  /** Returns a graph with branches; where there can be none, null, and all have one line. */
  private CapturedGraph branched(Runnable work) {
    try {
      return CapturedGraph.of(device.context(), true, work);
    } catch (CudaException | OutOfDeviceMemoryException e) {
      form = SERIAL;
      LOG.warn(
          "Steps run without branches: no CUDA graph could be made with them ({})", e.getMessage());
      return null;
    }
  }

  /** Starts timing both forms of a step, if the choice is open and no other step is timed. */
  GraphTrial trial(CapturedGraph serial, Runnable work) {
    CapturedGraph branched = form != null || isTiming ? null : branched(work);
    if (branched == null) {
      return null;
    }
    try {
      GraphTrial trial = GraphTrial.of(device.context(), serial, branched);
      isTiming = true;
      return trial;
    } catch (RuntimeException | Error e) {
      Closing unused = new Closing();
      unused.own(branched);
      unused.abandon(e);
      throw e;
    }
  }

  /** Ends the timing; without a result it begins again with the next step that is recorded. */
  void timed(GraphTrial trial) {
    isTiming = false;
    if (trial.isDone()) {
      form = trial.isBranchedFaster() ? BRANCHED : SERIAL;
      LOG.debug("Steps as {} graphs: {}", form, trial.text());
    }
  }
}
