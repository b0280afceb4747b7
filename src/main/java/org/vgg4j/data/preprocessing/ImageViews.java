package org.vgg4j.data.preprocessing;

import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;

/**
 * What a net sees of every image in one pass over a data set.
 *
 * @param preprocessing of the net
 * @param augmentation how the images are varied
 * @param draw the epoch's draws; null where nothing is varied
 */
public record ImageViews(Preprocessing preprocessing, Augmentation augmentation, Draw draw) {
  /** Checks that they fit each other. */
  public ImageViews {
    augmentation.requireReady(preprocessing);
    if (draw == null && !augmentation.isNone()) {
      throw new IllegalArgumentException("images are varied by an epoch's draws");
    }
  }

  /** Returns the views of an evaluation. */
  public static ImageViews of(Preprocessing preprocessing) {
    return new ImageViews(preprocessing, Augmentation.NONE, null);
  }

  /** Returns the view of an image. */
  public ImageView of(int image, ImageShape shape) {
    return augmentation.view(preprocessing, shape, draw, image);
  }
}
