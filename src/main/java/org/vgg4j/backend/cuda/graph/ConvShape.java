package org.vgg4j.backend.cuda.graph;

/**
 * The shape of a convolution of stride 1 over square kernels.
 *
 * @param n images
 * @param c channels of the input as stored
 * @param h the input's height
 * @param w the input's width
 * @param k channels of the output
 * @param kernel R = S
 * @param padding zeros added at each side
 */
public record ConvShape(int n, int c, int h, int w, int k, int kernel, int padding) {
  /** Returns the shape for another number of images. */
  public ConvShape withBatch(int batch) {
    return new ConvShape(batch, c, h, w, k, kernel, padding);
  }

  /** Returns the output's height. */
  public int outHeight() {
    return h + 2 * padding - kernel + 1;
  }

  /** Returns the output's width. */
  public int outWidth() {
    return w + 2 * padding - kernel + 1;
  }

  /** Returns input, filter and padding: x 64x3x224x224 w 64x3x3x3 pad 1. */
  public String text() {
    return "x " + join(n, c, h, w) + " w " + join(k, c, kernel, kernel) + " pad " + padding;
  }

  private static String join(int a, int b, int c, int d) {
    return a + "x" + b + "x" + c + "x" + d;
  }
}
