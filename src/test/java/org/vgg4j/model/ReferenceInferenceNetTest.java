package org.vgg4j.model;

import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;

/** Nets for inference on the reference engine. */
final class ReferenceInferenceNetTest extends InferenceNetTest {
  @Override
  Backend open() {
    return new ReferenceBackend();
  }

  @Override
  double tolerance() {
    return 1e-13;
  }
}
