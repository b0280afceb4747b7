package org.vgg4j.model;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.tensor.Backend;

/** Nets for inference on the CPU engine. */
final class OneDnnInferenceNetTest extends InferenceNetTest {
  @Override
  Backend open() {
    return new OneDnnBackend();
  }

  @Override
  double tolerance() {
    return 1e-5;
  }
}
