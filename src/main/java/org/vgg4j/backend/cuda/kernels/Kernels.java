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
import org.vgg4j.tensor.DType;

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

  /** Strips of a block of the sums over patches, for each pair of a patch's rows. */
  private static final int MOMENT_STRIPS = 32;

  private static final int MOMENT_PAIRS = 6;
  private static final int MOMENT_BLOCKS = 4;
  private static final int FILTER_THREADS = 64;

  /** Launched at once to check that the code runs on this GPU. */
  private static final String ANY = "vgg4j_accumulate";

  private final CudaContext context; // null for a described GPU, like the library
  private final int multiprocessors;
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

  /** Returns the kernels of a GPU that is only described; none can run. */
  public static Kernels described(int multiprocessors) {
    return new Kernels(multiprocessors);
  }

  private Kernels(int multiprocessors) {
    this.multiprocessors = multiprocessors;
    owned = new Closing();
    context = null;
    library = null;
    origin = "none";
  }

  private Kernels(Closing owned, CudaContext context, KernelImage image) {
    multiprocessors = context.info().multiprocessors();
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
    long most = (long) BLOCKS_PER_MULTIPROCESSOR * multiprocessors;
    return grid(name, (int) Math.min(blocks, most), THREADS, arguments);
  }

  /** Returns the name of a kernel's variant for a type of activations. */
  public static String typed(String name, DType type) {
    return switch (type) {
      case F32 -> name + "_f32";
      case BF16 -> name + "_bf16";
      default ->
          throw new IllegalArgumentException("the GPU engine has no " + name + " of " + type);
    };
  }

  /** Returns a launch of the grid of a sum over rows, over the parts and groups of channels. */
  public KernelLaunch sums(String name, ChannelGrid grid, int arguments) {
    return grid(name, grid.blocks(), THREADS, arguments);
  }

  /** Returns a launch of a kernel that finishes the sums of {@link #sums}: 32 threads a channel. */
  public KernelLaunch finish(String name, int channels, int arguments) {
    int perBlock = THREADS / 32;
    return grid(name, (channels + perBlock - 1) / perBlock, THREADS, arguments);
  }

  /** Returns the grid for sums over rows on this GPU. */
  public ChannelGrid channelGrid(long rows, int channels, DType type) {
    return ChannelGrid.of(rows, channels, type, multiprocessors);
  }

  /** Returns the grid of a first block's forward on this GPU. */
  public StripGrid forwardStrips(long strips, int channels, DType type) {
    return StripGrid.forward(strips, channels, type, multiprocessors);
  }

  /** Returns the grid of a first block's backward on this GPU. */
  public StripGrid backwardStrips(long strips, int channels) {
    return StripGrid.backward(strips, channels, multiprocessors);
  }

  /** Returns the grid of a first block's forward or backward by matrix products. */
  public StripGrid tiles(long tiles, int channels, boolean backward) {
    return StripGrid.tiles(tiles, channels, backward, multiprocessors);
  }

  /** Returns into how many parts the sums over patches of images are split on this GPU. */
  public int momentParts(long strips) {
    return StripGrid.parts(strips, MOMENT_STRIPS, MOMENT_BLOCKS * multiprocessors);
  }

  /** Returns a launch over strips of pixels. */
  public KernelLaunch strips(String name, StripGrid grid, int arguments) {
    return grid(name, grid.blocks(), StripGrid.THREADS, arguments);
  }

  /** Returns a launch of the sums over patches of images, in so many parts. */
  public KernelLaunch moments(String name, int parts, int arguments) {
    return grid(name, parts, MOMENT_PAIRS * MOMENT_STRIPS, arguments);
  }

  /** Returns a launch of a kernel with a block for each filter of a first block. */
  public KernelLaunch filters(String name, int filters, int arguments) {
    return grid(name, filters, FILTER_THREADS, arguments);
  }

  /** Returns a launch of a kernel with a grid of its own. */
  public KernelLaunch grid(String name, int blocks, int threads, int arguments) {
    return context == null
        ? new KernelLaunch(name)
        : new KernelLaunch(context, name, kernel(name), blocks, threads, arguments);
  }

  private CUkern_st kernel(String name) {
    return kernels.computeIfAbsent(name, key -> context.cuda().cudaLibraryGetKernel(library, key));
  }

  @Override
  public void close() {
    owned.close();
  }
}
