package org.vgg4j.nn;

/** A counter of training forward passes in a net's state, such as {@code num_batches_tracked}. */
public final class Counter {
  private final String name;
  private final boolean frozen;
  private long value;

  Counter(String name, boolean frozen) {
    this.name = name;
    this.frozen = frozen;
  }

  /** Returns torchvision's name, such as {@code features.1.num_batches_tracked}. */
  public String name() {
    return name;
  }

  /** Returns the count. */
  public long value() {
    return value;
  }

  /** Sets the count, for example when a file is loaded. */
  public void value(long count) {
    value = count;
  }

  void increment() {
    value += frozen ? 0 : 1;
  }
}
