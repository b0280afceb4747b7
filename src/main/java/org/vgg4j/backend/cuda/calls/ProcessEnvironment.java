package org.vgg4j.backend.cuda.calls;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUhostFn;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The environment of this process as native libraries see it, which Java cannot change. The C
 * library's {@code putenv} is called through the signature of a CUDA callback, {@code void (void
 * *)}; what it returns is not needed.
 */
public final class ProcessEnvironment {
  /** What was set, by name; putenv keeps the text's address, so it must live on. */
  private static final Map<String, BytePointer> TEXTS = new HashMap<>();

  private static final Map<String, String> VALUES = new HashMap<>();

  private ProcessEnvironment() {}

  /** Returns a variable of this process, as it was at the start or was set here; null for none. */
  public static synchronized String get(String name) {
    return VALUES.getOrDefault(name, System.getenv(name));
  }

  /** Sets a variable unless it has this value. */
  public static synchronized void set(String name, String value) {
    if (value.equals(get(name))) {
      return;
    }
    Pointer putenv = Loader.addressof("putenv");
    if (putenv == null) {
      throw new IllegalStateException("this system's C library has no putenv");
    }
    BytePointer text = new BytePointer(name + "=" + value);
    try (PointerPointer<Pointer> functor = new PointerPointer<>(2)) {
      functor.put(0, putenv).put(1, (Pointer) null);
      new CUhostFn(functor).call(text);
    }
    VALUES.put(name, value);
    TEXTS.put(name, text); // the text before it is no longer the environment's
  }
}
