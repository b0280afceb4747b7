package org.vgg4j.run;

import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.Backend;

final class ReferenceExactResumeTest extends ExactResumeTest {
  @Override
  Backend open() {
    return Backends.open("reference").backend();
  }

  @Override
  int interruptions() {
    return 5;
  }
}
