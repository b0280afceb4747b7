package org.vgg4j.backend.cuda.calls;

/** What a captured step may do beside its main line of work. */
public enum Branch {
  /** Gradients of weights, beside that of a layer's input. */
  GRADIENTS,
  /** Updates of weights that nothing reads any more, beside the backward of other layers. */
  UPDATES
}
