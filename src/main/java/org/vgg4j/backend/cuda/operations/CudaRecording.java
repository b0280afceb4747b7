package org.vgg4j.backend.cuda.operations;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CapturedGraph;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Recorded;

/**
 * A step as one CUDA graph. Where CUDA or a library cannot capture something, the step runs call by
 * call instead, and so it does once when the workspace has moved, before it is captured again.
 */
public final class CudaRecording implements Recorded {
  private static final Logger LOG = LoggerFactory.getLogger(CudaRecording.class);

  private final CudaDevice device;
  private final Runnable work;
  private CapturedGraph graph; // null where the work runs call by call
  private long workspace; // where it was at the capture
  private boolean closed;

  /** Captures work that has run once. */
  public CudaRecording(CudaDevice device, Runnable work) {
    this.device = device;
    this.work = work;
    capture();
  }

  private void capture() {
    if (!device.capturesSteps()) {
      return;
    }
    workspace = device.memory().workspace().address();
    try {
      graph = new CapturedGraph(device.context(), work);
    } catch (CudaException | OutOfDeviceMemoryException e) {
      device.stopCapturing();
      LOG.warn(
          "Steps run call by call, since one could not be captured as a CUDA graph: {}",
          e.getMessage());
    }
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("this recording was closed");
    }
    if (graph == null) {
      work.run();
    } else if (workspace == device.memory().workspace().address()) {
      graph.launch();
    } else {
      release();
      work.run(); // with what the plans make for the new place
      capture();
    }
  }

  private void release() {
    if (graph != null) {
      CapturedGraph old = graph;
      graph = null;
      old.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    release();
  }
}
