package org.vgg4j.gradcheck;

import java.util.List;
import java.util.stream.Stream;

/**
 * The checks that {@code ./vgg gradcheck} and the tests run: every layer at 1e-7, and small VGGs
 * with their loss at 1e-6, at initialization and after some training.
 */
public final class StandardChecks {
  private StandardChecks() {}

  /** Returns all checks, layers first. */
  public static List<StandardCheck> all() {
    return Stream.concat(LayerChecks.all().stream(), NetChecks.all().stream()).toList();
  }
}
