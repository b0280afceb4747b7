package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;

/** A VGG with torchvision's adaptive average pool before the classifier. */
final class AveragePoolNetTest {
  private static VggConfigBuilder small() {
    return VggConfig.builder()
        .layers("2,M,3,M")
        .batchNorm(false)
        .channels(1)
        .classes(2)
        .imageSize(9)
        .averagePool(3)
        .hidden(4)
        .dropout(0);
  }

  /**
   * From PyTorch 2.13 in double: the modules of torchvision's VGG with AdaptiveAvgPool2d((3, 3)),
   * parameters {@code sin(arange)} running through them in order, input {@code cos(arange)} of
   * shape (2, 1, 9, 9).
   */
  @ParameterizedTest
  @CsvSource({"reference, 1e-13", "cpu, 1e-5"})
  void logitsArePyTorchs(String device, double tolerance) {
    double[] expected = {
      -0.81566257349208, 0.7695539211683593, -1.060274208077967, 0.11832477472467295
    };
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = Vgg.build(small().build(), 2, backend)) {
      int at = 0;
      for (Parameter parameter : vgg.network().parameters()) {
        double[] values = new double[parameter.shape().arrayLength()];
        for (int i = 0; i < values.length; i++) {
          values[i] = Math.sin(at++);
        }
        parameter.value().upload(values);
      }
      Tensor x = vgg.network().input(2);
      double[] image = new double[x.shape().arrayLength()];
      for (int i = 0; i < image.length; i++) {
        image[i] = Math.cos(i);
      }
      x.upload(image);
      double[] logits = new double[4];
      vgg.network().forward(x, false).download(logits);
      for (int i = 0; i < logits.length; i++) {
        double difference = Math.abs(logits[i] - expected[i]);
        assertTrue(difference <= tolerance, i + ": " + logits[i]);
      }
    }
  }

  @Test
  void anyImageFitsThatLeavesSomethingToAverage() {
    VggConfig config = small().imageSize(7).build();
    assertEquals(3 * 3 * 3, config.classifierInputs());
    assertEquals(config, VggConfig.fromMap(config.toMap()));
    assertTrue(!small().imageSize(8).averagePool(0).build().toMap().containsKey("averagePool"));
    assertThrows(InvalidInputException.class, () -> small().imageSize(3).build());
    assertThrows(InvalidInputException.class, () -> small().averagePool(-1).build());
    assertThrows(InvalidInputException.class, () -> small().averagePool(0).build());
    InvalidInputException large =
        assertThrows(InvalidInputException.class, () -> small().averagePool(100_000).build());
    assertEquals("averagePool", large.field());
  }
}
