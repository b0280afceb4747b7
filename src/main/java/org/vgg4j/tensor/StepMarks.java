package org.vgg4j.tensor;

import java.util.List;

/** Hears where a training step is, on the thread that runs it. */
public interface StepMarks {
  /** Does nothing. */
  StepMarks NONE =
      new StepMarks() {
        @Override
        public void begin(StepPart part, String layer, List<Work> work) {}

        @Override
        public void end() {}
      };

  /**
   * A section begins, and the one before ends.
   *
   * @param part the part of the step
   * @param layer what it is in, such as features.3
   * @param work what its plans say of themselves ({@link Plan#work}), of any phase; may be empty
   */
  void begin(StepPart part, String layer, List<Work> work);

  /** The pass ends, and with it the last section. */
  void end();

  /** Returns marks that pass everything on to both. */
  static StepMarks both(StepMarks first, StepMarks second) {
    if (first == NONE || second == NONE) {
      return first == NONE ? second : first;
    }
    return new StepMarks() {
      @Override
      public void begin(StepPart part, String layer, List<Work> work) {
        first.begin(part, layer, work);
        second.begin(part, layer, work);
      }

      @Override
      public void end() {
        second.end();
        first.end();
      }
    };
  }
}
