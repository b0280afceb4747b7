package org.vgg4j.nn;

import java.util.List;
import org.vgg4j.tensor.Work;

/**
 * Writes an execution's input, and its labels where they lie beside the images, from the engine's
 * own memory.
 */
public interface InputSource {
  /** Enqueues the work, over memory that stays where it is. */
  void run();

  /** Returns what the engine does in {@link #run}; empty when it is not counted. */
  List<Work> work();
}
