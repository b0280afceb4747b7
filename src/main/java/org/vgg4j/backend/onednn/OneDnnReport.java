package org.vgg4j.backend.onednn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.vgg4j.tensor.EngineReport;

/** Reports what the CPU engine finds on this machine. */
public final class OneDnnReport {
  private OneDnnReport() {}

  /** Loads oneDNN and reports its version and threads; never throws. */
  public static EngineReport of() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("architecture", System.getProperty("os.arch"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    facts.put("threads", Dnnl.threads());
    try (Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT)) {
      dnnl.engine();
      facts.put("oneDNN", Dnnl.version());
      facts.put("instruction set", Dnnl.instructionSet());
      return new EngineReport("cpu", true, null, facts);
    } catch (LinkageError | RuntimeException e) {
      return new EngineReport("cpu", false, failure(e), facts);
    }
  }

  /** Returns why oneDNN does not load, and what to do. */
  public static String failure(Throwable e) {
    Throwable cause = e;
    while (cause.getCause()
        != null) { // a class that failed to initialize has no message of its own
      cause = cause.getCause();
    }
    return "oneDNN's native libraries do not load on this machine ("
        + cause.getMessage()
        + "); build with the Maven profile of this platform";
  }
}
