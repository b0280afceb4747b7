package org.vgg4j.backend.onednn;

import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;

/**
 * The orders in which a convolution's primitives take images, and how it is computed.
 *
 * @param x that of x and its gradient in the forward and the gradient of the data
 * @param y that of y and its gradient there
 * @param filters that of both in the gradient of the filters
 * @param way how it is computed
 */
record ConvOrders(ImageOrder x, ImageOrder y, ImageOrder filters, Convolutions way) {
  /** Returns the same orders for another way. */
  ConvOrders withWay(Convolutions other) {
    return new ConvOrders(x, y, filters, other);
  }

  /** Returns the text that is stored: {@code any any nhwc preferred}. */
  String text() {
    return x.text() + " " + y.text() + " " + filters.text() + " " + way.text();
  }

  /** Returns the orders of a text; null when it is none, as another version may have written. */
  static ConvOrders of(String text) {
    String[] parts = text.split(" ", -1);
    if (parts.length != 4) {
      return null;
    }
    ImageOrder x = ImageOrder.of(parts[0]);
    ImageOrder y = ImageOrder.of(parts[1]);
    ImageOrder filters = ImageOrder.of(parts[2]);
    Convolutions way = Convolutions.of(parts[3]);
    boolean isKnown = x != null && y != null && filters != null && way != null;
    return isKnown ? new ConvOrders(x, y, filters, way) : null;
  }
}
