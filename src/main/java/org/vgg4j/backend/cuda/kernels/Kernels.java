package org.vgg4j.backend.cuda.kernels;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.CUlib_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;

/** vgg4j's own kernels, loaded on the GPU. */
public final class Kernels implements AutoCloseable {
  /** CUDA's statuses for code that needs another GPU or a newer driver. */
  private static final Set<Integer> NOT_FOR_THIS_GPU =
      Set.of(
          cudart.cudaErrorInvalidKernelImage,
          cudart.cudaErrorNoKernelImageForDevice,
          cudart.cudaErrorInvalidPtx,
          cudart.cudaErrorUnsupportedPtxVersion);

  private static final int THREADS = 256;

  /** Blocks per multiprocessor; the kernels' grid-stride loops cover the rest. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  /** Launched at once to check that the code runs on this GPU. */
  private static final String ANY = "vgg4j_accumulate";

  private final CudaContext context;
  private final Closing owned;
  private final CUlib_st library;
  private final String origin;
  private final Map<String, CUkern_st> kernels = new HashMap<>();

  /**
   * Loads the kernels that the build compiled, or else compiles them here.
   *
   * @param cache where to keep compiled kernels, or null
   */
  public static Kernels load(CudaContext context, Path cache) {
    KernelImage built = KernelImage.ofBuild();
    if (built != null) {
      try {
        return of(context, built);
      } catch (CudaException e) {
        if (!NOT_FOR_THIS_GPU.contains(e.status())) {
          throw e;
        }
      }
    }
    return of(context, KernelImage.compiled(context.status(), context.info(), cache));
  }

  /** Loads an image. */
  static Kernels of(CudaContext context, KernelImage image) {
    return Closing.building(owned -> new Kernels(owned, context, image));
  }

  private Kernels(Closing owned, CudaContext context, KernelImage image) {
    this.owned = owned;
    this.context = context;
    origin = image.origin();
    // Outlives the library, since CUDA does not promise to copy the image.
    BytePointer bytes = owned.own(new BytePointer(image.bytes()));
    library = context.cuda().cudaLibraryLoadData(bytes);
    owned.own(() -> context.cuda().cudaLibraryUnload(library));
    try (KernelLaunch nothing = grid(ANY, 1, THREADS, 3)) {
      nothing.launch(); // over no elements: CUDA finds a kernel's code at its first launch
    }
  }

  /** Returns where the kernels come from, for messages. */
  public String origin() {
    return origin;
  }

  /**
   * Returns a launch of a kernel with a grid-stride loop over {@code elements} elements.
   *
   * @param name such as vgg4j_relu
   * @param elementsPerThread how many elements a thread handles per iteration
   * @param arguments the number of arguments, all initially 0
   */
  public KernelLaunch strided(String name, long elements, int elementsPerThread, int arguments) {
    long perBlock = (long) THREADS * elementsPerThread;
    long blocks = Math.max(1, (elements + perBlock - 1) / perBlock);
    long most = (long) BLOCKS_PER_MULTIPROCESSOR * context.info().multiprocessors();
    return grid(name, (int) Math.min(blocks, most), THREADS, arguments);
  }

  /** Returns a launch of a kernel with a grid of its own. */
  public KernelLaunch grid(String name, int blocks, int threads, int arguments) {
    return new KernelLaunch(context, name, kernel(name), blocks, threads, arguments);
  }

  private CUkern_st kernel(String name) {
    return kernels.computeIfAbsent(name, key -> context.cuda().cudaLibraryGetKernel(library, key));
  }

  @Override
  public void close() {
    owned.close();
  }
}
