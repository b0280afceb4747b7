package org.vgg4j.run;

import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeFilter;
import org.vgg4j.nn.VggConfig;

/** What happens to images where nobody says it. */
final class DefaultPreprocessing {
  private DefaultPreprocessing() {}

  /**
   * Returns the preprocessing of a net that nothing else is said of. Where training images are
   * resized to a scale, those of an evaluation are resized to its middle, their shorter side as the
   * paper has it, with the filter for pictures.
   *
   * @param pictures whether the images are pictures of any size
   */
  static Preprocessing of(
      VggConfig net, Augmentation augmentation, Normalization normalization, boolean pictures) {
    Preprocessing plain =
        pictures
            ? Preprocessing.ofPictures(net.channels(), net.imageSize())
            : Preprocessing.of(net.channels(), net.imageSize());
    if (augmentation.scale() != null) {
      augmentation.requireFits(plain);
      plain = plain.withResize(augmentation.middleScale());
      if (plain.fit() == PictureFit.SQUARE) {
        plain = plain.withFit(PictureFit.SHORTER).withFilter(ResizeFilter.ANTIALIASED);
      }
    }
    return normalization.needsStatistics() ? plain : normalization.applied(plain, null);
  }
}
