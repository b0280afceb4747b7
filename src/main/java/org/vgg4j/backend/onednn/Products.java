package org.vgg4j.backend.onednn;

/**
 * The products of minimal filtering: in each group, of transformed values and transformed filters.
 * Layouts: {@link WinogradShape}. What a plan was made without must not be asked for.
 */
interface Products {
  /**
   * Sets transformed y.
   *
   * @param part of the images and their tiles: in each call, of all values
   * @param biases of all groups, or null
   */
  void forward(
      Tiles.Part part, OneDnnTensor x, OneDnnTensor w, OneDnnTensor biases, OneDnnTensor y);

  /** Sets transformed dx, from filters transformed for that. */
  void data(Tiles.Part part, OneDnnTensor flippedW, OneDnnTensor dy, OneDnnTensor dx);

  /**
   * Computes transformed dw: sets it, or where {@link #addUp()} adds to it if asked for.
   *
   * @param biases set to the biases' gradients in {@link WinogradShape#sum} at least, or null
   */
  void weights(
      Tiles.Part part,
      OneDnnTensor x,
      OneDnnTensor dy,
      OneDnnTensor dw,
      OneDnnTensor biases,
      boolean add);

  /** Returns whether gradients of several parts of the images can be added up. */
  boolean addUp();
}
