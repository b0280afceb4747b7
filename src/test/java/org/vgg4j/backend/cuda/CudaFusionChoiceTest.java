package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.testing.ErrorLines;

/** A convolution behind a norm that was left to it, by each of the ways that it can take. */
@OnCuda
final class CudaFusionChoiceTest {
  private static final String SHAPE = " f32 x 4x8x8x8 w 8x8x3x3 pad 1";
  private static final String BOTH = "fuse norm forward statistics" + SHAPE;
  private static final String SUMS = "fuse forward statistics" + SHAPE;

  private static final String BIAS = "fuse forward bias relu" + SHAPE;

  private static final String FIRST_SHAPE = "x 4x4x8x8 w 8x4x3x3 pad 1";

  /** Answered with no: a first block with kernels of its own leaves no norm to the second layer. */
  private static final String FIRST_BLOCK =
      "fuse first block norm training f32 1 of " + FIRST_SHAPE;

  @TempDir private Path folder;

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

  /** An answer that was timed is taken again by the next process, unless it is given. */
  @Test
  void answersAreKeptOnDisk() throws IOException {
    Map<String, String> first = answers(Map.of());
    assertTrue(first.keySet().stream().anyMatch(q -> q.startsWith("defer ")), first::toString);
    assertTrue(first.keySet().stream().anyMatch(q -> q.startsWith("fuse ")), first::toString);
    Path file;
    try (Stream<Path> files = Files.list(folder)) {
      file =
          files
              .filter(each -> each.getFileName().toString().startsWith("convolution-plans-"))
              .findFirst()
              .orElseThrow();
    }
    Map<String, String> others = new TreeMap<>(first);
    others.replaceAll((question, answer) -> answer.equals("yes") ? "no" : "yes");
    String text = Files.readString(file);
    for (Map.Entry<String, String> each : others.entrySet()) {
      String line = each.getKey() + "\t";
      assertTrue(text.contains(line + first.get(each.getKey()) + "\n"), each.getKey());
      text = text.replace(line + first.get(each.getKey()), line + each.getValue());
    }
    Files.writeString(file, text);
    Map<String, String> second = answers(Map.of());
    second.keySet().retainAll(first.keySet()); // another answer may raise another question
    others.keySet().retainAll(second.keySet());
    assertEquals(others, second);
    Map<String, String> given = answers(first);
    given.keySet().retainAll(first.keySet());
    assertEquals(first, given);
  }

  /** A fusion that cuDNN plans and does not run is left out, and asked for again next time. */
  @Test
  void aFusionThatDoesNotRunIsNotTaken() {
    StandIn.require();
    Map<String, String> plans;
    try (CudaBackend backend = kept(Map.of(BIAS, "yes"))) { // given, so not on disk
      plan(backend).close();
      plans = new TreeMap<>(backend.choices());
    }
    assertTrue(plans.keySet().removeIf(name -> name.equals(BIAS)), plans::toString);
    List<String> lines =
        ErrorLines.of(
            () -> {
              try (CudaBackend backend = kept(plans)) {
                StandIn.reset();
                StandIn.faults("cudnnBackendExecute@1");
                plan(backend).close();
                assertEquals("no", backend.choices().get(BIAS));
              }
            });
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.get(0).contains("does not run and is not used"), lines.get(0));
    StandIn.reset();
    try (CudaBackend backend = kept(plans)) {
      plan(backend).close();
      assertTrue(StandIn.calls("cudnnBackendExecute") > 1, "an answer was kept");
    }
    StandIn.reset();
  }

  /** The plan of the convolution alone, where its bias is added by cuDNN. */
  @Test
  void plansThatLostAreFreedWhenTheNetIsBuilt() {
    StandIn.require();
    try (CudaBackend backend = kept(Map.of(BIAS, "yes"));
        WeightedPlan plan = plan(backend)) {
      long built = StandIn.live().get("cuDNN descriptors");
      backend.allocateWorkspace();
      assertTrue(StandIn.live().get("cuDNN descriptors") < built, plan.y().toString());
    }
  }

  private CudaBackend kept(Map<String, String> given) {
    return CudaUnderTest.open(
        CudaUnderTest.measuring(Precision.TF32, Activations.KEEP, given, folder));
  }

  private static WeightedPlan plan(CudaBackend backend) {
    return backend.conv2d(
        new Conv2dSpec(8, 8, 3, 1, true, true),
        backend.plainLayout(Shape.of(4, 8, 8, 8), DType.F32),
        null,
        Usage.INFERENCE);
  }

  /** Builds a net whose second layer leaves everything to timings; returns what was decided. */
  private Map<String, String> answers(Map<String, String> known) {
    Map<String, String> given = new HashMap<>(known);
    given.put(FIRST_BLOCK, "no");
    try (CudaBackend backend =
            CudaUnderTest.open(
                CudaUnderTest.measuring(Precision.TF32, Activations.AUTO, given, folder));
        Vgg vgg =
            Vgg.build(config(), Initialization.KAIMING, NetworkOptions.training(4), backend)) {
      vgg.network().input(4);
      Map<String, String> answers = new TreeMap<>(backend.choices());
      answers.keySet().removeIf(name -> !name.startsWith("fuse ") && !name.startsWith("defer "));
      assertEquals("no", answers.remove(FIRST_BLOCK));
      return answers;
    }
  }

  private static float[] output(Map<String, String> ways) {
    Map<String, String> choices = new HashMap<>(ways);
    choices.put("fuse forward statistics f32 " + FIRST_SHAPE, "no");
    choices.put(FIRST_BLOCK, "no");
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
                true,
                20,
                null));
    VggConfig config = config();
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

  private static VggConfig config() {
    return VggConfig.builder()
        .layers("8,8,M")
        .batchNorm(true)
        .channels(1)
        .classes(3)
        .imageSize(8)
        .hidden(4)
        .dropout(0)
        .build();
  }
}
