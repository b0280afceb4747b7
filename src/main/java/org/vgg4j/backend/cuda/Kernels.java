package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.CUlib_st;
import org.bytedeco.javacpp.BytePointer;
import org.vgg4j.tensor.Closing;

/** The own kernels, loaded on the GPU. */
final class Kernels implements AutoCloseable {
  /** CUDA's statuses of code for other GPUs, or for newer drivers. */
  private static final Set<Integer> NOT_FOR_THIS_GPU = Set.of(200, 209, 218, 222);

  /** A kernel to see at once whether the code is for this GPU. */
  private static final String ANY = "vgg4j_fill";

  private final CudaDevice device;
  private final Closing closing = new Closing();
  private final CUlib_st library;
  private final String origin;
  private final Map<String, CUkern_st> kernels = new HashMap<>();

  /** Loads what the build compiled, or else what is compiled here. */
  static Kernels load(CudaDevice device) {
    KernelImage built = KernelImage.ofBuild();
    if (built != null) {
      try {
        return new Kernels(device, built);
      } catch (CudaException e) {
        if (!NOT_FOR_THIS_GPU.contains(e.status())) {
          throw e;
        }
      }
    }
    Path cache = device.options().cache();
    return new Kernels(device, KernelImage.compiled(device.status(), device.info(), cache));
  }

  Kernels(CudaDevice device, KernelImage image) {
    this.device = device;
    origin = image.origin();
    try {
      // Kept as long as the library is: nothing says that it was copied.
      BytePointer bytes = closing.own(new BytePointer(image.bytes()));
      library = device.cuda().cudaLibraryLoadData(bytes);
      closing.own(() -> device.cuda().cudaLibraryUnload(library));
      try (KernelLaunch nothing = KernelLaunch.of(device, ANY, kernel(ANY), 3)) {
        nothing.launch(); // of no elements: CUDA looks for a kernel's code at its first launch
      }
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
