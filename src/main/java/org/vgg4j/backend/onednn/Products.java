package org.vgg4j.backend.onednn;

/**
 * The products of minimal filtering: in each group, of transformed values and transformed filters.
 * Layouts: {@link WinogradShape}. What a plan was made without must not be asked for.
 */
interface Products {
  /**
   * Sets transformed y.
   *
   * @param biases of all groups, or null
   */
  void forward(OneDnnTensor x, OneDnnTensor w, OneDnnTensor biases, OneDnnTensor y);

  /** Sets transformed dx, from filters transformed for that. */
  void data(OneDnnTensor flippedW, OneDnnTensor dy, OneDnnTensor dx);

  /**
   * Computes transformed dw: sets it, or where {@link #addUp()} adds to it if asked for.
   *
   * @param biases set to the biases' gradients in {@link WinogradShape#sum} at least, or null
   */
  void weights(OneDnnTensor x, OneDnnTensor dy, OneDnnTensor dw, OneDnnTensor biases, boolean add);

  /** Returns whether gradients of several parts of the images can be added up. */
  boolean addUp();
}
