package org.vgg4j.train;

import java.util.Objects;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How a training is shared by ranks, each of which has the same net on an engine of its own.
 *
 * @param collective what adds up over the ranks; the caller closes it, after the trainer
 * @param bucketBytes the gradients are added up in pieces of at most so many bytes, each as soon as
 *     the backward has computed it
 */
public record DataParallel(Collective collective, int bucketBytes) {
  /** As PyTorch's DDP: large enough for a fast network, small enough to begin early. */
  public static final int BUCKET_BYTES = 25 << 20;

  private static final int LEAST_PIECES = 4;

  /** A training on one rank. */
  public static final DataParallel NONE = of(Collective.alone());

  /** Checks the fields. */
  public DataParallel {
    Objects.requireNonNull(collective, "collective");
    InvalidInputException.requireAtLeast(1, "bucketBytes", bucketBytes);
  }

  /** Shares a training, with gradients in pieces of the usual size. */
  public static DataParallel of(Collective collective) {
    return new DataParallel(collective, BUCKET_BYTES);
  }

  /**
   * Returns the bytes of a piece of some gradients: less than a bucket where they are few, so that
   * most of them can travel during the backward.
   */
  public static int pieceBytes(int bucketBytes, long gradientBytes) {
    return (int) Math.min(bucketBytes, (gradientBytes + LEAST_PIECES - 1) / LEAST_PIECES);
  }

  /** Returns the batch sizes that this rank's net needs: {@link Trainer#batchSizes}. */
  public Integer[] batchSizes(int batchSize, int images, int split) {
    Shard shard = new Shard(collective.rank(), collective.world());
    return Trainer.batchSizes(batchSize, images, split, shard);
  }

  /** Returns whether there is one rank. */
  boolean isAlone() {
    return collective.world() == 1;
  }
}
