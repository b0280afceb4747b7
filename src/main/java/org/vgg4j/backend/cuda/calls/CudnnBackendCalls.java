package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnBackendDescriptor_t;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.vgg4j.tensor.Closing;

/**
 * cuDNN's graph API ("backend"), checked; each method is named after the function it calls. {@code
 * what} names the operation and its shapes for a failure's message. Only executing needs a GPU.
 */
public final class CudnnBackendCalls {
  private final CudaStatus status;

  public CudnnBackendCalls(CudaStatus status) {
    this.status = status;
  }

  /** {@code owner} destroys it. */
  public cudnnBackendDescriptor_t cudnnBackendCreateDescriptor(
      Closing owner, int type, String what) {
    cudnnBackendDescriptor_t descriptor = new cudnnBackendDescriptor_t();
    status.cudnnOnHost(
        "cudnnBackendCreateDescriptor", cudnn.cudnnBackendCreateDescriptor(type, descriptor), what);
    owner.own(
        () ->
            status.releaseCudnnOnHost(
                "cudnnBackendDestroyDescriptor", cudnn.cudnnBackendDestroyDescriptor(descriptor)));
    return descriptor;
  }

  /** Sets {@code count} values of an attribute, from memory that holds them one after the other. */
  public void cudnnBackendSetAttribute(
      cudnnBackendDescriptor_t descriptor,
      int name,
      int type,
      long count,
      Pointer values,
      String what) {
    status.cudnnOnHost(
        "cudnnBackendSetAttribute",
        cudnn.cudnnBackendSetAttribute(descriptor, name, type, count, values),
        "attribute " + name + " of " + what);
  }

  /** Sets the attribute that says for which GPU a descriptor is: the handle of an open one. */
  public void setHandle(
      cudnnBackendDescriptor_t descriptor, int name, CudaContext context, String what) {
    try (PointerPointer<Pointer> handle = new PointerPointer<>(1)) {
      handle.put(0, context.cudnnHandle());
      cudnnBackendSetAttribute(descriptor, name, cudnn.CUDNN_TYPE_HANDLE, 1, handle, what);
    }
  }

  /**
   * Reads an attribute.
   *
   * @param room how many values {@code values} has room for; 0 only asks how many there are
   * @return how many there are, or were read
   */
  public long cudnnBackendGetAttribute(
      cudnnBackendDescriptor_t descriptor,
      int name,
      int type,
      long room,
      Pointer values,
      String what) {
    long[] count = new long[1];
    status.cudnnOnHost(
        "cudnnBackendGetAttribute",
        cudnn.cudnnBackendGetAttribute(descriptor, name, type, room, count, values),
        "attribute " + name + " of " + what);
    return count[0];
  }

  public void cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor, String what) {
    status.cudnnOnHost("cudnnBackendFinalize", cudnn.cudnnBackendFinalize(descriptor), what);
  }

  /** Enqueues a plan with the operands of a variant pack. */
  public void cudnnBackendExecute(
      CudaContext context,
      cudnnBackendDescriptor_t plan,
      cudnnBackendDescriptor_t pack,
      String what) {
    status.cudnn(
        "cudnnBackendExecute", cudnn.cudnnBackendExecute(context.cudnnHandle(), plan, pack), what);
  }
}
