package org.vgg4j.parity;

import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.tensor.Backend;

/** The CPU engine with its activations in NHWC. */
final class OneDnnNhwcParityTest extends OneDnnParityTest {
  @Override
  Backend open() {
    return new OneDnnBackend(OneDnnOptions.DEFAULT.withActivations(OneDnnOptions.Activations.NHWC));
  }

  @Override
  String engine() {
    return "cpu nhwc";
  }
}
