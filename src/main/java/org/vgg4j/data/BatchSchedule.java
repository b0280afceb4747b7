package org.vgg4j.data;

import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Divides an epoch's images into batches (passes), batches into steps (updates), and each batch
 * into slices for the devices that share the training. All indices start at 0.
 *
 * @param images the size of the training set
 * @param batchSize images per batch, over all devices; the last batch has the rest
 * @param accumulate batches per step; the last step has the rest
 * @param shard the slice of each batch that this device takes
 */
public record BatchSchedule(int images, int batchSize, int accumulate, Shard shard) {
  /** Checks that every device gets an image of every batch. */
  public BatchSchedule {
    InvalidInputException.requireAtLeast(1, "batchSize", batchSize);
    int smallest = images % batchSize == 0 ? batchSize : images % batchSize;
    if (smallest < shard.world()) {
      throw new InvalidInputException(
          "batches of %d of %d images leave %d in the last, too few for %d devices"
              .formatted(batchSize, images, smallest, shard.world()));
    }
  }

  /** Creates a schedule for one device; a batch has at most all images. */
  public BatchSchedule(int images, int batchSize, int accumulate) {
    this(images, Math.min(batchSize, images), accumulate, Shard.WHOLE);
  }

  /** Returns the number of batches per epoch. */
  public int batches() {
    return (int) (((long) images + batchSize - 1) / batchSize);
  }

  /** Returns the number of steps per epoch. */
  public int steps() {
    return (batches() + accumulate - 1) / accumulate;
  }

  /** Returns the step that a batch belongs to. */
  public int stepOf(int batch) {
    return batch / accumulate;
  }

  /** Returns whether a batch is the first of its step. */
  public boolean startsStep(int batch) {
    return batch % accumulate == 0;
  }

  /** Returns whether a batch is the last of its step. */
  public boolean endsStep(int batch) {
    return batch + 1 == batches() || (batch + 1) % accumulate == 0;
  }

  /** Returns the number of images in a batch's step, over all devices. */
  public int imagesOfStep(int batch) {
    int first = stepOf(batch) * accumulate * batchSize;
    return (int) Math.min(images - first, (long) accumulate * batchSize);
  }

  /** Returns where this device's slice of a batch begins in the epoch's order of images. */
  public int begin(int batch) {
    return batch * batchSize + shard.begin(imagesOf(batch));
  }

  /** Returns where this device's slice of a batch ends in the epoch's order of images. */
  public int end(int batch) {
    return batch * batchSize + shard.end(imagesOf(batch));
  }

  /** Returns the most images that this device's slice of a batch can have. */
  public int mostImages() {
    return (int) (((long) batchSize + shard.world() - 1) / shard.world());
  }

  private int imagesOf(int batch) {
    return Math.min(batchSize, images - batch * batchSize);
  }

  /** Returns the distinct sizes of this device's slices, largest first. */
  public List<Integer> sizes() {
    return IntStream.of(0, batches() - 1)
        .mapToObj(batch -> end(batch) - begin(batch))
        .distinct()
        .sorted((a, b) -> b - a)
        .toList();
  }
}
