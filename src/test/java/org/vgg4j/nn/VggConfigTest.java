package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

class VggConfigTest {
  /** Simonyan and Zisserman, table 2, to the last digit (torchvision's counts). */
  @ParameterizedTest
  @CsvSource({
    "vgg11, 132863336",
    "vgg11-lrn, 132863336",
    "vgg13, 133047848",
    "vgg16-1x1, 133638952",
    "vgg16, 138357544",
    "vgg19, 143667240"
  })
  void parameterCounts(String arch, long count) {
    VggConfig config = VggConfig.builder().arch(arch).batchNorm(false).build();
    assertEquals(count, config.parameterCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vgg11", "vgg11-lrn", "vgg13", "vgg16-1x1", "vgg16", "vgg19"})
  void builtNetHasTheParametersCounted(String arch) {
    for (boolean batchNorm : new boolean[] {false, true}) {
      VggConfig config =
          VggConfig.builder()
              .arch(arch)
              .batchNorm(batchNorm)
              .width(Width.parse("1/32"))
              .imageSize(32)
              .channels(1)
              .classes(10)
              .build();
      try (Backend backend = new ReferenceBackend();
          NetworkPlan plan =
              Vgg.plan(config, Initialization.PAPER, NetworkOptions.training(2), backend)) {
        long built = plan.parameters().stream().mapToLong(p -> p.shape().elementCount()).sum();
        assertEquals(config.parameterCount(), built);
        long rows = plan.memoryPlan().stages().stream().mapToLong(Stage::parameterCount).sum();
        assertEquals(built, rows);
      }
    }
  }

  @Test
  void widthRoundsToTheNearestChannel() {
    assertEquals(8, Width.parse("1/8").of(64));
    assertEquals(21, Width.parse("1/3").of(64));
    assertEquals(43, Width.parse("2/3").of(64));
    assertEquals(128, Width.parse("2").of(64));
  }

  @Test
  void mapRoundTrip() {
    VggConfig config =
        VggConfig.builder()
            .layers("8,L,M,16c1,M")
            .batchNorm(false)
            .channels(1)
            .classes(7)
            .imageSize(12)
            .width(Width.parse("1/2"))
            .dropout(0.25)
            .hidden(30)
            .build();
    assertEquals(config, VggConfig.fromMap(config.toMap()));
    Map<String, Object> strings = new HashMap<>();
    config.toMap().forEach((key, value) -> strings.put(key, value.toString()));
    assertEquals(config, VggConfig.fromMap(strings));
    assertEquals(config, config.toBuilder().build());
    strings.put("classes", "many");
    refused("the net's configuration has the classes 'many'", () -> VggConfig.fromMap(strings));
    strings.remove("classes");
    refused("the net's configuration has no 'classes'", () -> VggConfig.fromMap(strings));
    strings.put("arch", "vgg16");
    refused(
        "the layers in the net's configuration are not those of vgg16",
        () -> VggConfig.fromMap(strings));
  }

  @Test
  void badInputIsNamed() {
    VggConfigBuilder vgg = VggConfig.builder();
    refused(
        "width 1/128 leaves no channel in a layer of 64",
        () -> vgg.width(Width.parse("1/128")).build());
    vgg.width(Width.FULL);
    refused(
        "imageSize must be a multiple of 32 (5 pools), not 100", () -> vgg.imageSize(100).build());
    refused("imageSize must be at least 1, not 0", () -> vgg.imageSize(0).build());
    refused(
        "imageSize 1073741824 gives the classifier more than 2^31 features",
        () -> vgg.imageSize(1 << 30).build());
    vgg.imageSize(32);
    refused("classes must be at least 1, not 0", () -> vgg.classes(0).build());
    vgg.classes(10);
    refused("channels must be at least 1, not -1", () -> vgg.channels(-1).build());
    vgg.channels(1);
    refused("dropout must be in [0, 1), not 1.0", () -> vgg.dropout(1).build());
    refused("dropout must be in [0, 1), not NaN", () -> vgg.dropout(Double.NaN).build());
    vgg.dropout(0);
    refused(
        "arch must be one of vgg11, vgg11-lrn, vgg13, vgg16-1x1, vgg16, vgg19, not vgg12",
        () -> vgg.arch("vgg12"));
    refused(
        "layers 64,X: 'X' must be a number of channels (3x3), one followed by c1 (1x1), M"
            + " (max-pool) or L (LRN)",
        () -> vgg.layers("64,X"));
    assertThrows(InvalidInputException.class, () -> vgg.layers("64,"));
    assertThrows(InvalidInputException.class, () -> vgg.layers("0"));
    refused("layers M,M has no convolution", () -> vgg.layers("M,M").build());
    refused("width must be a positive fraction, not 0/4", () -> Width.parse("0/4"));
    refused("width must be a fraction such as 1/4, not 0.25", () -> Width.parse("0.25"));
    refused(
        "init must be one of kaiming, glorot, paper, pytorch, not best",
        () -> Initialization.of("best"));
    refused("batchSize must be at least 1, not 0", () -> NetworkOptions.training(0));
  }

  private static void refused(String message, Executable action) {
    assertEquals(message, assertThrows(InvalidInputException.class, action).getMessage());
  }
}
