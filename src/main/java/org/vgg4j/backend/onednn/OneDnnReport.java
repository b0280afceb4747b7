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
      return new EngineReport(
          "cpu",
          false,
          "oneDNN's native libraries do not load ("
              + e.getMessage()
              + "); build with the Maven profile of this platform",
          facts);
    }
  }
}
