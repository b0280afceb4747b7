package org.vgg4j.run;

import java.util.List;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.nn.VggConfig;

/** The same without batch norm: cuDNN adds the bias and takes the ReLU. */
@OnCuda
final class CudaFusedPlainExactResumeTest extends CudaFusedExactResumeTest {
  @Override
  VggConfig net(TinyTraining training) {
    return TinyTraining.PLAIN;
  }

  @Override
  List<String> fused() {
    return List.of("fuse forward bias relu ");
  }
}
