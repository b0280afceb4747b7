package org.vgg4j.backend.onednn;

import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.opencl.Pfn_notify_BytePointer_Pointer_long_Pointer;
import org.bytedeco.opencl.User_func_Pointer;

/**
 * The OpenMP runtime that oneDNN runs on. The bindings have none of its functions, so they are
 * looked up by name and called through the signatures of OpenCL's callbacks, which oneDNN's
 * bindings bring: {@code void (void *)} for OpenMP's Fortran interface, which takes its argument by
 * reference, and {@code void (const char *, const void *, size_t, void *)} for {@code
 * GOMP_parallel}, what a compiler makes of a parallel region.
 */
final class OpenMp {
  private static final OpenMp INSTANCE = find();

  /** What was set on each thread: OpenMP keeps these settings by thread. */
  private static final ThreadLocal<Integer> SET = new ThreadLocal<>();

  private final User_func_Pointer setThreads;
  private final User_func_Pointer setDynamic;
  private final Pfn_notify_BytePointer_Pointer_long_Pointer parallel;
  private final Body body = new Body();
  private final Pointer bodyAddress = new PointerPointer<Pointer>(body).get(0);

  private OpenMp(Pointer setThreads, Pointer setDynamic, Pointer parallel) {
    this.setThreads = new User_func_Pointer(functor(setThreads));
    this.setDynamic = new User_func_Pointer(functor(setDynamic));
    this.parallel = new Pfn_notify_BytePointer_Pointer_long_Pointer(functor(parallel));
  }

  /** The body of a parallel region: counts the threads that run it. */
  private static final class Body extends User_func_Pointer {
    private final AtomicInteger runs = new AtomicInteger();

    @Override
    public void call(Pointer data) {
      runs.incrementAndGet();
    }
  }

  /**
   * Returns the runtime, null where it has other names for these functions.
   *
   * @throws UnsatisfiedLinkError when oneDNN does not load
   */
  static OpenMp instance() {
    return INSTANCE;
  }

  private static OpenMp find() {
    Loader.load(dnnl.class);
    Pointer setThreads = Loader.addressof("omp_set_num_threads_");
    Pointer setDynamic = Loader.addressof("omp_set_dynamic_");
    Pointer parallel = Loader.addressof("GOMP_parallel");
    return setThreads == null || setDynamic == null || parallel == null
        ? null
        : new OpenMp(setThreads, setDynamic, parallel);
  }

  /** Returns what JavaCPP takes for a function: its address in memory, and no object. */
  private static Pointer functor(Pointer function) {
    return new PointerPointer<Pointer>(2).put(0, function).put(1, (Pointer) null);
  }

  /** Makes the parallel regions of the calling thread have so many threads. */
  void use(int threads) {
    Integer before = SET.get();
    if (before == null || before != threads) {
      fix();
      call(setThreads, threads);
      SET.set(threads);
    }
  }

  /** Returns how many threads a parallel region of the calling thread has, by running one. */
  synchronized int team() {
    fix();
    body.runs.set(0);
    parallel.call(new BytePointer(bodyAddress), null, 0, null);
    return body.runs.get();
  }

  /** OMP_DYNAMIC would give a region fewer threads when the machine is busy. */
  private void fix() {
    call(setDynamic, 0);
  }

  private static void call(User_func_Pointer function, int argument) {
    try (IntPointer value = new IntPointer(1L)) {
      function.call(value.put(argument));
    }
  }
}
