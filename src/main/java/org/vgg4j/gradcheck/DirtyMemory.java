package org.vgg4j.gradcheck;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/**
 * Gives a net memory that is full of NaN. An engine zeroes what it allocates, so a module that
 * reads what nobody wrote seems right until the memory was used before.
 *
 * <p>The engine stands behind a proxy, which passes on methods that it does not know of.
 */
final class DirtyMemory {
  private final Backend engine;
  private final Backend proxy;
  private boolean dirty;

  DirtyMemory(Backend engine) {
    this.engine = engine;
    proxy =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (self, method, arguments) -> call(method, arguments));
  }

  /** Returns the engine to plan the net on. */
  Backend backend() {
    return proxy;
  }

  /** Runs a net's allocation; only what is allocated meanwhile is filled. */
  <T> T during(Supplier<T> allocation) {
    dirty = true;
    try {
      return allocation.get();
    } finally {
      dirty = false;
    }
  }

  private Object call(Method method, Object[] arguments) throws Throwable {
    try {
      Object result = method.invoke(engine, arguments);
      if (dirty && result instanceof Arena arena) {
        fill(arena);
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private void fill(Arena arena) {
    int count = Math.toIntExact(arena.bytes() / DType.F64.bytes());
    if (count > 0) {
      arena.tensor(0, engine.plainLayout(Shape.of(count), DType.F64)).fill(i -> Double.NaN);
    }
  }
}
