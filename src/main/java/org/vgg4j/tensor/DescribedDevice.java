package org.vgg4j.tensor;

import java.util.List;

/** A device that is not here: its published figures, and an engine that plans for it. */
public interface DescribedDevice extends AutoCloseable {
  /** Returns the product's name. */
  String productName();

  /**
   * Returns an engine that plans as the device's own engine does and cannot run: a net can be
   * planned, but its memory cannot be taken. This object closes it.
   */
  Backend backend();

  /**
   * Returns an engine that plans as {@link #backend} does, but faster, and may count too little
   * workspace and never too much; the same where that takes no time.
   */
  Backend quickBackend();

  /** Returns the published bandwidth of the device's memory. */
  double bytesPerSecond();

  /** Returns the published multiply-adds a second in the engine's precision. */
  double multiplyAddsPerSecond();

  /** Returns one line that says where the sizes of workspaces come from, or what they assume. */
  String workspaceSource();

  /**
   * Returns the work of a loss and its gradient.
   *
   * @param logits the layout of the logits (N, classes)
   */
  List<Work> loss(Layout logits);

  /**
   * Returns the work of an optimizer's step.
   *
   * @param elements the elements of the slab of parameters
   * @param moments how many moments the optimizer keeps: 2 for Adam
   */
  List<Work> update(long elements, int moments);

  /** Returns the work of adding a slab of gradients to another. */
  List<Work> accumulate(long elements);

  /** Returns the work of limiting the norm of so many gradients. */
  List<Work> clip(long elements);

  /** Returns the work of averaging so many weights. */
  List<Work> average(long elements);

  @Override
  void close();
}
