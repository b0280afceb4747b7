package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.calls.CapturedGraph;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Recorded;

/**
 * A step as a CUDA graph. Where CUDA or a library cannot capture something, the step runs call by
 * call instead, and so it does once when the workspace has moved, before it is captured again. When
 * that fails, this step goes on call by call.
 */
final class StepRecording implements Recorded {
  private final CudaDevice device;
  private final StepGraphs steps;
  private final Runnable work;
  private CapturedGraph graph; // null where the work runs call by call
  private GraphTrial trial; // null unless this step's two forms are timed; owns the graph then
  private long workspace; // where it was at the capture
  private boolean closed;

  StepRecording(CudaDevice device, StepGraphs steps, Runnable work) {
    this.device = device;
    this.steps = steps;
    this.work = work;
    capture();
  }

  private void capture() {
    if (!steps.captures()) {
      return;
    }
    workspace = device.memory().workspace().address();
    try {
      graph = steps.capture(work);
      trial = steps.trial(graph, work);
    } catch (CudaException | OutOfDeviceMemoryException e) {
      steps.stopCapturing(e);
      release();
    } catch (RuntimeException | Error e) {
      Closing made = new Closing();
      made.own(this::release);
      made.abandon(e);
      throw e;
    }
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("this recording was closed");
    }
    if (graph == null) {
      work.run();
    } else if (workspace != device.memory().workspace().address()) {
      release();
      runAnew();
    } else if (trial != null) {
      runTrial();
    } else {
      graph.launch();
    }
  }

  /** Runs with what the plans make for the workspace's new place, and captures that. */
  private void runAnew() {
    try {
      work.run();
      capture();
    } catch (RuntimeException | Error e) {
      steps.notCaptured(e);
      throw e;
    }
  }

  private void runTrial() {
    trial.launch();
    if (trial.isDone()) {
      GraphTrial ended = trial;
      steps.timed(ended);
      graph = null;
      trial = null;
      graph = ended.winner();
    }
  }

  private void release() {
    CapturedGraph oldGraph = graph;
    GraphTrial oldTrial = trial;
    graph = null;
    trial = null;
    if (oldTrial != null) {
      steps.timed(oldTrial);
      oldTrial.close();
    } else if (oldGraph != null) {
      oldGraph.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    release();
  }
}
