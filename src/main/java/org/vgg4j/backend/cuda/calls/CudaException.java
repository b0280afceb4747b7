package org.vgg4j.backend.cuda.calls;

import org.vgg4j.tensor.EngineException;

/** A call of CUDA, cuDNN, cublasLt or NVRTC failed; the message names call, status and shapes. */
public final class CudaException extends EngineException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final int status;

  /** Creates the exception with its one-line message. */
  public CudaException(String call, int status, String message) {
    super(message);
    this.call = call;
    this.status = status;
  }

  /** Returns the function's name. */
  public String call() {
    return call;
  }

  /** Returns its status, a number of the library that the function belongs to. */
  public int status() {
    return status;
  }
}
