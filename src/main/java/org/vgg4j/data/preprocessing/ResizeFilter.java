package org.vgg4j.data.preprocessing;

/** How values are interpolated when an image is resized. Both are bilinear. */
public enum ResizeFilter {
  /**
   * Between the two nearest pixels, with half-pixel centres and clamped edges. Source: PyTorch's
   * {@code interpolate(mode="bilinear", align_corners=False)}.
   */
  BILINEAR,
  /**
   * As {@link #BILINEAR} when an image grows; when it shrinks, every pixel counts, under a triangle
   * that is as much wider as the image is larger. Across, then down; each time rounded to whole
   * levels. Source: what torchvision's {@code Resize} does with pictures, that is Pillow's {@code
   * BILINEAR}.
   */
  ANTIALIASED
}
