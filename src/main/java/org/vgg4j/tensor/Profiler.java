package org.vgg4j.tensor;

/**
 * Times the operations that an engine runs. It listens from {@link #startStep} to {@link #endStep}
 * only; the engine's thread calls it.
 */
public interface Profiler extends StepMarks, AutoCloseable {
  /** Begins a step; one that was begun and not ended is forgotten. */
  void startStep();

  /** Ends the step and waits for the engine; returns what it took. */
  StepTime endStep();

  /** Forgets a step that was begun, and listens no more until the next; nothing is waited for. */
  void forgetStep();

  /** Stops listening, and forgets a step that was begun. */
  @Override
  void close();
}
