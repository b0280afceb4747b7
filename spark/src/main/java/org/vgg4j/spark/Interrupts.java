package org.vgg4j.spark;

import java.lang.reflect.Method;

/**
 * Ctrl-C, which the terminal sends to the workers of this machine as well as to the driver. Java
 * has no API for signals but {@code sun.misc.Signal}, of which the compiler warns without a way to
 * say that it is meant: hence reflection.
 */
final class Interrupts {
  private Interrupts() {}

  /** Lets it pass by this process. */
  static void ignore() {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = signal.getMethod("handle", signal, handler);
      Object interrupt = signal.getConstructor(String.class).newInstance("INT");
      handle.invoke(null, interrupt, handler.getField("SIG_IGN").get(null));
    } catch (ReflectiveOperationException e) {
      // A runtime without it: Ctrl-C ends the workers, and the newest checkpoint stays.
    }
  }
}
