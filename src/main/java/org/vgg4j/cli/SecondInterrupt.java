package org.vgg4j.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets a second Ctrl-C end the process at once: the JVM's own handler waits for the shutdown hooks
 * that the first one started. The library itself installs no handler.
 *
 * <p>Java has no API for signals but {@code sun.misc.Signal}, which the compiler warns of without a
 * way to say that it is meant, and which a trimmed-down runtime may lack: hence reflection, here
 * only.
 */
final class SecondInterrupt {
  private static final int EXIT_CODE = 128 + 2;
  private static final AtomicBoolean INSTALLED = new AtomicBoolean();
  private static final AtomicBoolean INTERRUPTED = new AtomicBoolean();

  private SecondInterrupt() {}

  /** Takes Ctrl-C, unless the process was started without it, as in the background of a script. */
  static void install() {
    if (!INSTALLED.compareAndSet(false, true)) {
      return;
    }
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = signal.getMethod("handle", signal, handler);
      Object interrupt = signal.getConstructor(String.class).newInstance("INT");
      Object ignore = handler.getField("SIG_IGN").get(null);
      Object own =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> interrupted());
      if (handle.invoke(null, interrupt, own) == ignore) {
        handle.invoke(null, interrupt, ignore);
      }
    } catch (InvocationTargetException e) {
      // The JVM was told to leave signals alone (-Xrs): the system's default ends the process.
    } catch (ReflectiveOperationException e) {
      // A runtime without it: the second Ctrl-C waits for the first.
    }
  }

  private static Object interrupted() {
    if (INTERRUPTED.compareAndSet(false, true)) {
      System.exit(EXIT_CODE);
    }
    Runtime.getRuntime().halt(EXIT_CODE);
    return null;
  }
}
