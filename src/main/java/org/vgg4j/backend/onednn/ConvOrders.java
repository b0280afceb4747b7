package org.vgg4j.backend.onednn;

/**
 * The orders in which a convolution's primitives take images.
 *
 * @param x that of x and its gradient in the forward and the gradient of the data
 * @param y that of y and its gradient there
 * @param filters that of both in the gradient of the filters
 */
record ConvOrders(ImageOrder x, ImageOrder y, ImageOrder filters) {
  /** Returns the text that is stored: {@code any any nhwc}. */
  String text() {
    return x.text() + " " + y.text() + " " + filters.text();
  }

  /** Returns the orders of a text; null when it is none, as another version may have written. */
  static ConvOrders of(String text) {
    String[] parts = text.split(" ", -1);
    if (parts.length != 3) {
      return null;
    }
    ImageOrder x = ImageOrder.of(parts[0]);
    ImageOrder y = ImageOrder.of(parts[1]);
    ImageOrder filters = ImageOrder.of(parts[2]);
    return x == null || y == null || filters == null ? null : new ConvOrders(x, y, filters);
  }
}
