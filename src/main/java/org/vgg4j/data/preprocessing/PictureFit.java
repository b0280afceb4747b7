package org.vgg4j.data.preprocessing;

/** How a picture of any proportions becomes one of fixed size. */
public enum PictureFit {
  /**
   * A picture file is first brought to the form of Fashion-MNIST's images: grey (Rec. 601), padded
   * to a square with its own background, reduced to 28x28 by area averaging. Then as {@link
   * #SQUARE}, which is also what the images of a data set get.
   */
  FASHION,
  /** Height and width are each scaled to the same length. */
  SQUARE,
  /**
   * The shorter side is scaled to the length, the longer one in proportion (rounded down), as
   * torchvision's {@code Resize} of one number does.
   */
  SHORTER
}
