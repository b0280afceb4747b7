package org.vgg4j.backend.cuda;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.CUlib_st;
import org.bytedeco.javacpp.BytePointer;
import org.vgg4j.tensor.Closing;

/** The own kernels, loaded on the GPU. */
final class Kernels implements AutoCloseable {
  private final CudaDevice device;
  private final Closing closing = new Closing();
  private final CUlib_st library;
  private final String origin;
  private final Map<String, CUkern_st> kernels = new HashMap<>();

  Kernels(CudaDevice device, KernelImage image) {
    this.device = device;
    origin = image.origin();
    try {
      // Kept as long as the library is: nothing says that it was copied.
      BytePointer bytes = closing.own(new BytePointer(image.bytes()));
      library = device.cuda().cudaLibraryLoadData(bytes);
      closing.own(() -> device.cuda().cudaLibraryUnload(library));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns where the kernels come from, for a person. */
  String origin() {
    return origin;
  }

  /** Returns the kernel of a name, such as vgg4j_relu. */
  CUkern_st kernel(String name) {
    return kernels.computeIfAbsent(name, key -> device.cuda().cudaLibraryGetKernel(library, key));
  }

  @Override
  public void close() {
    closing.close();
  }
}
