package org.vgg4j.tensor;

/**
 * How a trained parameter is stored: three layouts of one shape in the same physical order, so that
 * an optimizer sweeps over all of them side by side.
 *
 * @param master the value that the optimizer updates
 * @param compute the value that plans read: equal to {@code master}, or a copy of another type
 * @param gradient what the backward writes
 */
public record ParameterLayouts(Layout master, Layout compute, Layout gradient) {
  /** Returns the layouts of a parameter that plans read where the optimizer updates it. */
  public static ParameterLayouts of(Layout layout) {
    return new ParameterLayouts(layout, layout, layout);
  }
}
