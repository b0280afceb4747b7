package org.vgg4j.evaluation;

import org.vgg4j.nn.Execution;

/** One pass over a data set, batch by batch. */
public interface BatchPass extends AutoCloseable {
  /**
   * Goes to the next batch of which this device has images; returns false at the end.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when an image cannot be used
   */
  boolean next();

  /** Returns the batch's number in the pass, from 0. */
  int index();

  /** Returns how many images the batch has. */
  int size();

  /** Returns how many bytes of images {@link #load} uploads. */
  long bytes();

  /** Returns where the batch begins in the order of the images: {@code StepState.first}. */
  long first();

  /**
   * Hands images and labels to the engine without waiting; the net's next {@link
   * Execution#forward(boolean)} takes them.
   *
   * @param at the net at this batch's size, or at a larger one, whose other rows are left undefined
   */
  void load(Execution at);

  @Override
  void close();
}
