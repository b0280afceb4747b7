package org.vgg4j.backend.onednn;

import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.stream;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.ThreadOwner;
import org.vgg4j.tensor.Types;

/**
 * The native context of one engine: oneDNN's engine and stream, the shared workspace, the Java
 * worker threads.
 */
final class Dnnl implements AutoCloseable {
  private final Closing closing = new Closing();
  private final engine cpu;
  private final dnnl_stream streamHandle;
  private final Workspace workspace;
  private final Workers workers;
  private final RowBuffers rows;
  private final LaneBuffers lanes;
  private final OneDnnOptions options;
  private final MemoryLedger ledger = new MemoryLedger("cpu");
  private final int threads;
  private final Types types;
  private final LayerOrders orders;
  private final ThreadOwner owner = new ThreadOwner("cpu");
  private OneDnnProfiler profiler; // null unless a step is being timed
  private boolean closed;

  Dnnl(OneDnnOptions options) {
    this.options = options;
    types = Bf16.types(options);
    threads = ThreadCount.set(options.threads());
    orders = new LayerOrders(this, options.orders());
    try {
      cpu = closing.own(new engine(org.bytedeco.dnnl.engine.kind.cpu, 0));
      stream commands = closing.own(new stream(cpu));
      streamHandle = closing.own(commands.get());
      workspace = closing.own(new Workspace(this));
      workers = closing.own(new Workers(threads));
      rows = new RowBuffers(threads);
      lanes = new LaneBuffers(threads);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns how many threads compute. */
  int threads() {
    return threads;
  }

  /** Returns how much memory there is, and what limits it. */
  HostMemory memory() {
    return options.memory().get();
  }

  static String version() {
    dnnl_version_t version = dnnl.dnnl_version();
    return version.major() + "." + version.minor() + "." + version.patch();
  }

  /** Returns the best instruction set that oneDNN uses here. */
  static String instructionSet() {
    return dnnl.get_effective_cpu_isa().toString();
  }

  /** Returns whether registers hold 16 floats. */
  static boolean hasAvx512() {
    return dnnl.get_effective_cpu_isa().intern().value >= dnnl.cpu_isa.avx512_core.value;
  }

  String describe() {
    return "oneDNN "
        + version()
        + ", "
        + instructionSet()
        + (options.precision() == Precision.BF16 ? ", bf16, " : ", ")
        + threads
        + (threads == 1 ? " thread" : " threads")
        + (hasAvx512() && !CpuLibrary.isLoaded() ? ", built without a C++ compiler" : "");
  }

  /** Throws unless the engine is open and the calling thread owns it. */
  void checkThread() {
    if (closed) {
      throw new IllegalStateException("this oneDNN engine is closed");
    }
    owner.check();
    OpenMp openMp = OpenMp.instance();
    if (openMp != null) {
      openMp.use(threads); // the thread may be another than before, or have two engines
    }
  }

  void release() {
    owner.release();
  }

  engine engine() {
    checkThread();
    return cpu;
  }

  dnnl_stream stream() {
    checkThread();
    return streamHandle;
  }

  Workspace workspace() {
    return workspace;
  }

  /** Returns the worker threads; only the owning thread may call this. */
  Workers workers() {
    checkThread();
    return workers;
  }

  /** Returns the workers' arrays for rows of images. */
  RowBuffers rows() {
    return rows;
  }

  /** Returns the workers' arrays for lanes of images. */
  LaneBuffers lanes() {
    return lanes;
  }

  /** Tells what times the operations from now on; null for nothing. */
  void profile(OneDnnProfiler listener) {
    profiler = listener;
  }

  /** Returns when an operation begins, for {@link #end}; 0 when none is timed. */
  long begin() {
    return profiler == null ? 0 : System.nanoTime();
  }

  /** Says that the operation that began then has ended. */
  void end(Cost cost, long begin) {
    if (profiler != null) {
      profiler.ended(cost, begin);
    }
  }

  OneDnnOptions options() {
    return options;
  }

  /** Returns who holds this engine's memory. */
  MemoryLedger ledger() {
    return ledger;
  }

  /** Takes memory; {@code owner} is what it is for. */
  NativeMemory take(long bytes, String owner) {
    return new NativeMemory(bytes, owner, ledger, options.memory());
  }

  /** Throws if a C API status reports an error. */
  static void check(int status, String call, String context) {
    if (status != dnnl.dnnl_success) {
      throw new OneDnnException(
          call
              + " failed with status "
              + status
              + " ("
              + context
              + "); set ONEDNN_VERBOSE=all for details");
    }
  }

  /**
   * Creates an object of the C++ API, whose exceptions say little.
   *
   * @throws InvalidInputException when oneDNN does not take these shapes
   */
  static <T> T create(String what, String context, Supplier<T> constructor) {
    try {
      return constructor.get();
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          "the CPU engine (oneDNN) has no %s of %s: use smaller layers, width, image size or batch"
                  .formatted(what, context)
              + " (ONEDNN_VERBOSE=all tells more)",
          e);
    }
  }

  /** Returns attributes, optionally with a ReLU after the operation; the caller owns them. */
  static primitive_attr attributes(boolean relu) {
    primitive_attr attributes = new primitive_attr();
    if (relu) {
      try (org.bytedeco.dnnl.post_ops post = new org.bytedeco.dnnl.post_ops()) {
        post.append_eltwise(dnnl.algorithm.eltwise_relu, 0f, 0f);
        attributes.set_post_ops(post);
      }
    }
    return attributes;
  }

  /** Returns the descriptor of an order that is left to oneDNN. */
  static memory.desc any(Shape shape, DType dtype) {
    return new memory.desc(dims(shape), dataType(dtype), memory.format_tag.any);
  }

  /** Returns the types of a net's values. */
  Types types() {
    return types;
  }

  /** Returns the orders of images, layer by layer. */
  LayerOrders orders() {
    return orders;
  }

  /** Returns the descriptor of values in an order. */
  static memory.desc ordered(Shape shape, DType dtype, memory.format_tag order) {
    return new memory.desc(dims(shape), dataType(dtype), order);
  }

  static memory.desc plain(Shape shape, DType dtype) {
    memory.format_tag tag =
        switch (shape.rank()) {
          case 0, 1 -> memory.format_tag.a;
          case 2 -> memory.format_tag.ab;
          case 3 -> memory.format_tag.abc;
          case 4 -> memory.format_tag.abcd;
          case 5 -> memory.format_tag.abcde;
          default -> throw new IllegalArgumentException("no tensor of rank " + shape.rank());
        };
    long[] dims = shape.rank() == 0 ? new long[] {1} : dims(shape);
    return new memory.desc(dims, dataType(dtype), tag);
  }

  static long[] dims(Shape shape) {
    long[] dims = new long[shape.rank()];
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] = shape.dim(axis);
    }
    return dims;
  }

  /** Returns the type of a descriptor's values. */
  static DType dtype(memory.desc desc) {
    return switch (desc.get_data_type().intern()) {
      case f32 -> DType.F32;
      case bf16 -> DType.BF16;
      case s32 -> DType.I32;
      case u8 -> DType.U8;
      case f64 -> DType.F64;
      default -> throw new IllegalArgumentException("oneDNN chose " + desc.get_data_type());
    };
  }

  private static memory.data_type dataType(DType dtype) {
    return switch (dtype) {
      case F32 -> memory.data_type.f32;
      case BF16 -> memory.data_type.bf16;
      case I32 -> memory.data_type.s32;
      case U8 -> memory.data_type.u8;
      case F64 -> memory.data_type.f64;
      case I64 -> throw new IllegalArgumentException("oneDNN has no 64-bit integers");
    };
  }

  static OneDnnLayout layout(Layout layout) {
    if (layout instanceof OneDnnLayout own) {
      return own;
    }
    throw new IllegalArgumentException("oneDNN got a layout of another engine: " + layout);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        closing.close();
      } finally {
        ledger.logLeaks();
      }
    }
  }
}
