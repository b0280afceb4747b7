package org.vgg4j.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;

/**
 * Ctrl-C and SIGTERM while other processes train for this one: the first asks them to stop, the
 * second ends this one at once. {@link Interruption} would be too late: the JVM runs all shutdown
 * hooks at the same time, so Spark's would end the workers before they wrote a checkpoint.
 */
final class StopSignal {
  private static final Map<String, Integer> SIGNALS = Map.of("INT", 2, "TERM", 15);

  private volatile int code; // 0 until a signal came

  /** Hears the signals from now on, but for those that the process was started without. */
  void install() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = signal.getMethod("handle", signal, handler);
      Object ignore = handler.getField("SIG_IGN").get(null);
      for (String name : List.copyOf(SIGNALS.keySet())) {
        Object number = signal.getConstructor(String.class).newInstance(name);
        Object own =
            Proxy.newProxyInstance(
                handler.getClassLoader(),
                new Class<?>[] {handler},
                (proxy, method, arguments) -> heard(128 + SIGNALS.get(name)));
        if (handle.invoke(null, number, own) == ignore) {
          handle.invoke(null, number, ignore);
        }
      }
    } catch (ReflectiveOperationException e) {
      // A runtime without signals, or one that was told to leave them alone (-Xrs): the system's
      // default ends the process, and the newest checkpoint stays.
    }
  }

  private Object heard(int exitCode) {
    if (code != 0) {
      Runtime.getRuntime().halt(exitCode);
    }
    code = exitCode;
    return null;
  }

  boolean happened() {
    return code != 0;
  }

  /** Returns with what the process ends: 128 and the signal's number, or 0. */
  int code() {
    return code;
  }
}
