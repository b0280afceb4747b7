package org.vgg4j.evaluation;

/** Where the images of a training lie. The results are the same, bit for bit. */
public enum DataOn {
  /** In the engine's memory where they fit, else on the host. */
  AUTO,
  /** On the host, which hands over each batch. */
  HOST,
  /** In the engine's memory, from which each batch is taken by index. */
  DEVICE
}
