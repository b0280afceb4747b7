package org.vgg4j.backend.onednn;

/**
 * Passes of a {@link WinogradConv2d} over all images, given the addresses of images in blocks of 16
 * channels and filters that are transformed.
 */
interface Filtering {
  /**
   * Sets y.
   *
   * @param biases of y's channels, or null
   */
  void forward(long x, OneDnnTensor w, OneDnnTensor biases, long y);

  /** Sets dx, from filters transformed for that. */
  void data(OneDnnTensor flippedW, long dy, long dx);

  /**
   * Sets dw.
   *
   * @param transformed where transformed dw is put
   * @param db where the gradients of the biases are put, or null
   */
  void weights(long x, long dy, OneDnnTensor transformed, long dw, OneDnnTensor db);
}
