package org.vgg4j.data.preprocessing;

import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;

/**
 * What a net sees of every image in one pass over a data set.
 *
 * @param preprocessing of the net
 * @param augmentation how the images are varied
 * @param draw the epoch's draws; null where nothing is varied, or while there is no epoch
 */
public record ImageViews(Preprocessing preprocessing, Augmentation augmentation, Draw draw) {
  /** Checks that they fit each other. */
  public ImageViews {
    augmentation.requireReady(preprocessing);
  }

  /** Returns the views of an evaluation. */
  public static ImageViews of(Preprocessing preprocessing) {
    return new ImageViews(preprocessing, Augmentation.NONE, null);
  }

  /** Returns the views of an epoch with the draws. */
  public ImageViews with(Draw epoch) {
    return new ImageViews(preprocessing, augmentation, epoch);
  }

  /** Returns the view of an image. */
  public ImageView of(int image, ImageShape shape) {
    return augmentation.view(preprocessing, shape, draw, image);
  }

  /**
   * Returns how many pixels of a row or column make one at most, 0 where they are not antialiased.
   *
   * @param source of known shapes
   */
  public int mostTaps(ImageSource source) {
    if (preprocessing.filter() != ResizeFilter.ANTIALIASED) {
      return 0;
    }
    int images = source.commonShape() == null ? source.size() : 1;
    double most = 1; // how much larger an image is than it becomes
    for (int i = 0; i < images; i++) {
      ImageShape shape = source.shape(i);
      ResizeWindow smallest =
          ResizeWindow.resized(
              preprocessing, augmentation.smallest(preprocessing), shape.height(), shape.width());
      most = Math.max(most, (double) shape.height() / smallest.height());
      most = Math.max(most, (double) shape.width() / smallest.width());
    }
    return (int) Math.ceil(2 * most) + 1;
  }
}
