package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Tensor;

/** A convolution behind a norm that was left to it, by each of the ways that it can take. */
@OnCuda
final class CudaFusionChoiceTest {
  private static final String SHAPE = " f32 x 4x8x8x8 w 8x8x3x3 pad 1";
  private static final String BOTH = "fuse norm forward statistics" + SHAPE;
  private static final String SUMS = "fuse forward statistics" + SHAPE;

  @Test
  void everyWayGivesTheSame() {
    float[] apart = output(Map.of(BOTH, "no", SUMS, "no"));
    float[] together = output(Map.of(BOTH, "yes"));
    float[] sums = output(Map.of(BOTH, "no", SUMS, "yes"));
    for (int i = 0; i < apart.length; i++) {
      // Sums of 4 x 8 x 8 values in another order, twice, behind sums of 72 products.
      double tolerance = 1e-5 * Math.max(1, Math.abs(apart[i]));
      int at = i;
      assertFalse(!(Math.abs(together[i] - apart[i]) <= tolerance), () -> "together at " + at);
      assertFalse(!(Math.abs(sums[i] - apart[i]) <= tolerance), () -> "sums at " + at);
    }
  }

  private static float[] output(Map<String, String> ways) {
    Map<String, String> choices = new HashMap<>(ways);
    choices.put("fuse forward statistics f32 x 4x4x8x8 w 8x4x3x3 pad 1", "no"); // the first layer
    CudaOptions options =
        CudaUnderTest.with(
            new CudaOptions(
                0,
                List.of(),
                1L << 20,
                Precision.TF32,
                false,
                choices,
                Activations.RECOMPUTE,
                20,
                null));
    VggConfig config =
        VggConfig.builder()
            .layers("8,8,M")
            .batchNorm(true)
            .channels(1)
            .classes(3)
            .imageSize(8)
            .hidden(4)
            .dropout(0)
            .build();
    try (CudaBackend backend = new CudaBackend(options);
        Vgg vgg = Vgg.build(config, Initialization.KAIMING, NetworkOptions.training(4), backend)) {
      Network network = vgg.network();
      Tensor x = network.input(4);
      x.fill(i -> CounterRandom.uniform(5, i));
      float[] y = new float[4 * 3];
      network.forward(x, true).download(y);
      Map<String, String> taken = backend.choices();
      ways.forEach(
          (question, answer) -> {
            assertEquals(answer, taken.get(question), question);
            // What is not fused is not even planned: cuDNN would compile it.
            String plan = question.substring("fuse ".length());
            assertEquals(answer.equals("yes"), taken.containsKey(plan), plan);
          });
      return y;
    }
  }
}
