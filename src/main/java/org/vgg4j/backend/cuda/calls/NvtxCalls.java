package org.vgg4j.backend.cuda.calls;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUhostFn;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * NVTX's ranges of a thread. The presets do not have them, so the functions are looked up by name
 * in CUDA's library for languages without its headers, and called through the signature of a CUDA
 * callback, {@code void (void *)}; what they return, and an argument too many, does no harm.
 */
public final class NvtxCalls {
  private final CUhostFn push;
  private final CUhostFn pop;
  private final Map<String, BytePointer> texts = new HashMap<>(); // NVTX may keep their addresses

  private NvtxCalls(Pointer push, Pointer pop) {
    this.push = new CUhostFn(functor(push));
    this.pop = new CUhostFn(functor(pop));
  }

  /** Loads the library; returns null where it lacks the functions. */
  public static NvtxCalls load(Path library) {
    Loader.loadGlobal(library.toString());
    Pointer push = Loader.addressof("nvtxRangePushA");
    Pointer pop = Loader.addressof("nvtxRangePop");
    return push == null || pop == null ? null : new NvtxCalls(push, pop);
  }

  /** Returns what JavaCPP takes for a function: its address in memory, and no object. */
  private static Pointer functor(Pointer function) {
    return new PointerPointer<Pointer>(2).put(0, function).put(1, (Pointer) null);
  }

  /** Begins a range on the calling thread. */
  public void nvtxRangePush(String text) {
    push.call(texts.computeIfAbsent(text, key -> new BytePointer(key)));
  }

  /** Ends the last range that was begun on the calling thread. */
  public void nvtxRangePop() {
    pop.call(null);
  }
}
