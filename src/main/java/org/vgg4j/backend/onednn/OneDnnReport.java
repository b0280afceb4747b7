package org.vgg4j.backend.onednn;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.vgg4j.tensor.EngineReport;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.NativeLibraries;

/** Reports what the CPU engine finds on this machine. */
public final class OneDnnReport {
  private OneDnnReport() {}

  /** Loads oneDNN and reports its version, threads and memory; never throws. */
  public static EngineReport of(OneDnnOptions options) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("architecture", System.getProperty("os.arch"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    try (Dnnl dnnl = new Dnnl(options)) {
      dnnl.engine();
      facts.put("threads", dnnl.threads());
      facts.put("oneDNN", Dnnl.version());
      facts.put("instruction set", Dnnl.instructionSet());
      facts.put("bf16", Bf16.isNative() ? "yes" : "no");
      HostMemory memory = dnnl.memory();
      facts.put(
          "memory for a net",
          "%d MiB free of %s".formatted(memory.freeBytes() >> 20, memory.limit()));
      return new EngineReport("cpu", true, null, facts);
    } catch (InvalidInputException e) {
      return new EngineReport("cpu", false, e.getMessage(), facts);
    } catch (LinkageError | RuntimeException e) {
      return new EngineReport("cpu", false, failure(e), facts);
    }
  }

  /** Returns whether the processor has instructions for products in bf16; never throws. */
  public static boolean hasBf16() {
    try {
      return Bf16.isNative();
    } catch (LinkageError e) {
      return false;
    }
  }

  /** Returns why oneDNN does not load, and what to do. */
  public static String failure(Throwable e) {
    String folder = NativeLibraries.folderProblem(e, unpackedInto());
    if (folder != null) {
      return "oneDNN's native libraries " + folder;
    }
    Throwable cause = e;
    while (cause.getCause()
        != null) { // a class that failed to initialize has no message of its own
      cause = cause.getCause();
    }
    String message = String.valueOf(cause.getMessage());
    return "oneDNN's native libraries do not load on this machine (%s); %s"
        .formatted(
            message,
            message.contains("GLIBC")
                ? "they need a newer system library than this system has"
                : "build with the Maven profile of this platform, or make the bundle with"
                    + " --with-cpu");
  }

  private static Object unpackedInto() {
    try {
      return Loader.getCacheDir();
    } catch (IOException | RuntimeException | LinkageError e) {
      return System.getProperty("org.bytedeco.javacpp.cachedir", "JavaCPP's folder");
    }
  }
}
