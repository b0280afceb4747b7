package org.vgg4j.train;

/**
 * How an epoch's images fall into batches (passes) and batches into steps (updates).
 *
 * @param images of the training set
 * @param batchSize images a batch; the last has what is left
 * @param accumulate batches a step; the last has what is left
 */
public record Schedule(int images, int batchSize, int accumulate) {
  private int batches() {
    return (images + batchSize - 1) / batchSize;
  }

  /** Returns the steps of an epoch. */
  public int steps() {
    return (batches() + accumulate - 1) / accumulate;
  }

  /** Returns the step, from 0, that a batch belongs to. */
  public int stepOf(int batch) {
    return batch / accumulate;
  }

  /** Returns whether a batch is the last of its step. */
  public boolean endsStep(int batch) {
    return batch + 1 == batches() || (batch + 1) % accumulate == 0;
  }

  /** Returns whether a batch is the first of its step. */
  public boolean startsStep(int batch) {
    return batch % accumulate == 0;
  }

  /** Returns how many images the step of a batch has. */
  public int imagesOfStep(int batch) {
    int first = stepOf(batch) * accumulate * batchSize;
    return Math.min(images - first, accumulate * batchSize);
  }
}
