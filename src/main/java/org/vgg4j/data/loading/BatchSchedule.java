package org.vgg4j.data.loading;

import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Divides an epoch's images into batches, batches into passes, and each pass into slices for the
 * devices that share the training; one or more batches make a step (update). All indices start at
 * 0.
 *
 * @param images the size of the training set
 * @param batchSize images per batch, over all devices; the last batch has the rest
 * @param accumulate batches per step; the last step has the rest
 * @param split passes per batch: 1 unless memory is short. No pass has more images than those of a
 *     whole batch, and those of one batch differ by at most one
 * @param shard the slice of each pass that this device takes
 */
public record BatchSchedule(int images, int batchSize, int accumulate, int split, Shard shard) {
  /** Checks that every device gets images of each whole batch; of a smaller last one it may not. */
  public BatchSchedule {
    InvalidInputException.requireAtLeast(1, "batchSize", batchSize);
    InvalidInputException.requireAtLeast(1, "accumulate", accumulate);
    InvalidInputException.requireAtLeast(1, "passes", split);
    int most = quotient(batchSize, split);
    if (most < shard.world()) {
      throw InvalidInputException.of(
          "batchSize",
          "gives %d images to a forward and backward pass, fewer than the %d devices that share it"
              .formatted(most, shard.world()));
    }
  }

  /** Creates a schedule of one pass per batch. */
  public BatchSchedule(int images, int batchSize, int accumulate, Shard shard) {
    this(images, batchSize, accumulate, 1, shard);
  }

  /** Creates a schedule for one device; a batch has at most all images. */
  public BatchSchedule(int images, int batchSize, int accumulate) {
    this(images, batchSize, accumulate, 1);
  }

  /** Creates a schedule for one device with several passes per batch. */
  public BatchSchedule(int images, int batchSize, int accumulate, int split) {
    this(images, Math.min(batchSize, images), accumulate, split, Shard.WHOLE);
  }

  /** Returns the number of batches per epoch. */
  public int batches() {
    return quotient(images, batchSize);
  }

  /** Returns the number of passes per epoch. */
  public int passes() {
    int last = batches() - 1;
    return firstPass(last) + passesOf(last);
  }

  /** Returns the first pass of a batch. */
  public int firstPass(int batch) {
    return batch * passesOf(0);
  }

  /** Returns the batch that a pass belongs to. */
  public int batchOf(int pass) {
    return pass / passesOf(0);
  }

  /** Returns the number of steps per epoch. */
  public int steps() {
    return quotient(batches(), accumulate);
  }

  /** Returns the step that a pass belongs to. */
  public int stepOf(int pass) {
    return batchOf(pass) / accumulate;
  }

  /** Returns whether a pass is the first of its step. */
  public boolean startsStep(int pass) {
    return pass % passesOf(0) == 0 && batchOf(pass) % accumulate == 0;
  }

  /** Returns whether a pass is the last of its step. */
  public boolean endsStep(int pass) {
    return pass + 1 == passes() || startsStep(pass + 1);
  }

  /** Returns the number of images in a pass's step, over all devices. */
  public int imagesOfStep(int pass) {
    int first = stepOf(pass) * accumulate * batchSize;
    return (int) Math.min(images - first, (long) accumulate * batchSize);
  }

  /** Returns where this device's slice of a pass begins in the epoch's order of images. */
  public int begin(int pass) {
    Shard part = part(pass);
    int batch = batchOf(pass);
    int from = part.begin(imagesOf(batch));
    return batch * batchSize + from + shard.begin(part.end(imagesOf(batch)) - from);
  }

  /** Returns where this device's slice of a pass ends in the epoch's order of images. */
  public int end(int pass) {
    Shard part = part(pass);
    int batch = batchOf(pass);
    int from = part.begin(imagesOf(batch));
    return batch * batchSize + from + shard.end(part.end(imagesOf(batch)) - from);
  }

  /** Returns whether all devices have as many images of a pass. */
  public boolean isEven(int pass) {
    Shard part = part(pass);
    int images = imagesOf(batchOf(pass));
    return (part.end(images) - part.begin(images)) % shard.world() == 0;
  }

  /** Returns how many images this device's slice of a pass has; 0 only in a smaller last batch. */
  public int size(int pass) {
    return end(pass) - begin(pass);
  }

  /**
   * Returns the first pass from {@code pass} on of which this device has images; {@link #passes}
   * when there is none.
   */
  public int withImages(int pass) {
    int at = pass;
    while (at < passes() && size(at) == 0) {
      at++;
    }
    return at;
  }

  /** Returns which part of its batch a pass is. */
  private Shard part(int pass) {
    return new Shard(pass % passesOf(0), passesOf(batchOf(pass)));
  }

  /** Returns the most images that a device's slice of a pass can have, the same for all. */
  public int mostImages() {
    return quotient(most(), shard.world());
  }

  private int most() {
    return quotient(batchSize, split);
  }

  private int imagesOf(int batch) {
    return Math.min(batchSize, images - batch * batchSize);
  }

  private int passesOf(int batch) {
    return quotient(imagesOf(batch), most());
  }

  /** Returns the quotient, rounded up. */
  private static int quotient(int dividend, int divisor) {
    return (int) (((long) dividend + divisor - 1) / divisor);
  }

  /**
   * Returns the distinct sizes of this device's slices that have images, largest first. The first
   * is the largest of all devices, so that their nets are alike.
   */
  public List<Integer> sizes() {
    int ofFirst = passesOf(0);
    int last = firstPass(batches() - 1);
    IntStream slices =
        IntStream.concat(IntStream.range(0, ofFirst), IntStream.range(last, passes()));
    return IntStream.concat(IntStream.of(mostImages()), slices.map(this::size))
        .filter(size -> size > 0)
        .boxed()
        .distinct()
        .sorted((a, b) -> b - a)
        .toList();
  }
}
