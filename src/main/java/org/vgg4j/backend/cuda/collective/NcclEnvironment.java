package org.vgg4j.backend.cuda.collective;

import java.util.LinkedHashMap;
import java.util.Map;
import org.vgg4j.backend.cuda.calls.ProcessEnvironment;

/**
 * What NCCL reads from the environment of the process when it makes a communicator. What the user
 * has set about the order of additions stays.
 */
final class NcclEnvironment {
  /**
   * One order of additions: rings, which add by rank, with one protocol. NVLS adds in the switch,
   * where the order is the hardware's.
   */
  private static final Map<String, String> PINNED = new LinkedHashMap<>();

  static {
    PINNED.put("NCCL_ALGO", "Ring");
    PINNED.put("NCCL_PROTO", "Simple");
    PINNED.put("NCCL_NVLS_ENABLE", "0");
  }

  private static final String INTERFACE = "NCCL_SOCKET_IFNAME";

  private NcclEnvironment() {}

  /** Sets what is asked for, and returns what pins the order of additions, for a message. */
  static String apply(Settings settings) {
    useInterface(settings.network());
    StringBuilder text = new StringBuilder();
    if (settings.deterministic()) {
      PINNED.forEach(
          (name, value) -> {
            if (ProcessEnvironment.get(name) == null) {
              ProcessEnvironment.set(name, value);
            }
            text.append(", ").append(name).append('=').append(ProcessEnvironment.get(name));
          });
    }
    return text.toString();
  }

  /** Names the only network interface that NCCL may use, unless it is null. */
  static void useInterface(String name) {
    if (name != null) {
      ProcessEnvironment.set(INTERFACE, "=" + name);
    }
  }
}
