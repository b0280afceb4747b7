package org.vgg4j.data.sets;

import java.util.BitSet;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A share of each class that is held out of the training, to test on: the same for the same seed
 * and number of images.
 *
 * @param share in (0, 1)
 * @param seed what the images are drawn from
 */
public record Split(double share, long seed) {
  /** The option that says the share. */
  static final String FIELD = "heldOut";

  /** The random stream of splits. */
  private static final long SPLITS = 0x5350_4C49_5453_3031L;

  /** Checks the share. */
  public Split {
    if (!(share > 0 && share < 1)) {
      throw InvalidInputException.of(
          FIELD, "must be above 0 and below 1, such as 0.1, not " + share);
    }
  }

  /**
   * Splits images. A class of two or more has at least one image on each side; one of a single
   * image keeps it for the training.
   *
   * @throws InvalidInputException when nothing is held out
   */
  DataSet.Parts of(ImageSource all) {
    BitSet held = held(all);
    if (held.isEmpty()) {
      throw InvalidInputException.of(
          FIELD,
          "%s holds out nothing of %s: no class has two images".formatted(share, all.name()));
    }
    BitSet kept = new BitSet(all.size());
    kept.set(0, all.size());
    kept.andNot(held);
    return new DataSet.Parts(
        new SelectedImages(all.name() + " (train)", all, kept),
        new SelectedImages(all.name() + " (held out)", all, held));
  }

  /** Draws by selection sampling (Knuth, "The Art of Computer Programming", 3.4.2, S). */
  private BitSet held(ImageSource all) {
    int[] left = new int[all.classNames().size()]; // images of each class that are still to come
    for (int i = 0; i < all.size(); i++) {
      left[all.label(i)]++;
    }
    int[] wanted = new int[left.length];
    for (int c = 0; c < left.length; c++) {
      wanted[c] = Math.min(left[c] - 1, Math.max(1, (int) Math.round(share * left[c])));
    }
    long key = CounterRandom.key(seed, SPLITS, 0);
    BitSet held = new BitSet(all.size());
    for (int i = 0; i < all.size(); i++) {
      int c = all.label(i);
      if (CounterRandom.below(key, i, left[c]) < wanted[c]) {
        held.set(i);
        wanted[c]--;
      }
      left[c]--;
    }
    return held;
  }
}
