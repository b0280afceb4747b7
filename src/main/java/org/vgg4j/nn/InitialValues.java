package org.vgg4j.nn;

import java.util.List;
import org.vgg4j.tensor.CounterRandom;

/** Writes a net's initial values. */
final class InitialValues {
  private static final long STREAMS =
      2L << 32; // one per parameter; dropout and shuffles use others

  private InitialValues() {}

  static void set(NetworkState state, NetworkOptions options) {
    for (Buffer buffer : state.buffers()) {
      buffer.value().fill(index -> buffer.initial());
    }
    List<Parameter> parameters = state.parameters();
    for (int i = 0; options.initialValues() && i < parameters.size(); i++) {
      Initializer initializer = parameters.get(i).initializer();
      long key = CounterRandom.key(options.seed(), STREAMS + i, 0);
      parameters.get(i).value().fill(index -> initializer.value(key, index));
    }
    state.refreshCopies();
  }
}
