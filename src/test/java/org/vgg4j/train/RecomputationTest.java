package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.MemoryWay;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.Stage;
import org.vgg4j.nn.StageListener;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;
import org.vgg4j.testing.TinyNets;

/** What is computed again instead of kept has the same bits. */
class RecomputationTest {
  private static final int IMAGES = 11; // of batches of 4 the last has 3
  private static final int CLASSES = 3;
  private static final List<Recomputation> ALL =
      List.of(
          new Recomputation(true, List.of()),
          new Recomputation(false, List.of(0)),
          new Recomputation(false, List.of(1)),
          new Recomputation(false, List.of(0, 1, 2)),
          new Recomputation(true, List.of(0)),
          new Recomputation(true, List.of(0, 1, 2)));

  /** Every kind of stretch: of one convolution and several, 1x1 ones, local response norms. */
  @ParameterizedTest
  @CsvSource({
    "reference, '4,5,M,6,6c1,5,M,7,M', true",
    "reference, '4,5,M,6,6c1,5,M,7,M', false",
    "reference, '4,L,M,6,M,7,5,M', false",
    "cpu, '4,5,M,6,6c1,5,M,7,M', true",
    "cpu, '17,16,M,33,6c1,32,M,8,M', true",
    "cpu, '4,5,M,6,6c1,5,M,7,M', false",
    "cpu, '4,L,M,6,M,7,5,M', true"
  })
  void theBitsAreTheSame(String device, String layers, boolean batchNorm) {
    requireSameBits(device, layers, batchNorm, () -> Backends.open(device).backend());
  }

  /** Opens an engine anew. */
  interface Engine {
    Backend open();
  }

  static void requireSameBits(String name, String layers, boolean batchNorm, Engine engine) {
    VggConfig config = TinyNets.config(layers, batchNorm, CLASSES, 0.3);
    Map<String, double[]> expected = trained(config, Recomputation.NONE, engine);
    for (Recomputation recomputation : ALL) {
      Map<String, double[]> actual = trained(config, recomputation, engine);
      assertEquals(expected.keySet(), actual.keySet());
      expected.forEach(
          (tensor, values) ->
              assertArrayEquals(
                  values,
                  actual.get(tensor),
                  () -> name + ": " + recomputation.text() + ", " + tensor));
    }
  }

  private static Map<String, double[]> trained(
      VggConfig config, Recomputation recomputation, Engine engine) {
    TrainingOptions options = new TrainingOptions(2, 4, 1e-2, LearningRateSchedule.CONSTANT, 1);
    NetworkOptions net =
        NetworkOptions.training(Trainer.batchSizes(4, IMAGES))
            .withSeed(2)
            .withRecomputation(recomputation);
    try (Backend backend = engine.open();
        Vgg vgg = Vgg.build(config, Initialization.KAIMING, net, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      trainer.fit(
          TinyNets.noise(IMAGES, CLASSES), TinyNets.noise(5, CLASSES), new TrainingListener() {});
      return TinyNets.state(vgg);
    }
  }

  /** Each of the ways of a plan takes what it says, and only what it says is computed again. */
  @ParameterizedTest
  @CsvSource({"reference, false", "reference, true", "cpu, false", "cpu, true"})
  void theWaysAreWhatIsPlanned(String device, boolean norms) {
    VggConfig config = TinyNets.config("4,5,M,6,6,5,M,7,M", true, CLASSES, 0.3);
    NetworkOptions options =
        NetworkOptions.training(4, 3).withRecomputation(new Recomputation(norms, List.of()));
    try (Backend backend = Backends.open(device).backend();
        NetworkPlan plan = Vgg.plan(config, Initialization.KAIMING, options, backend)) {
      List<MemoryWay> ways = plan.ways();
      assertEquals(plan.memoryPlan().activations(), ways.get(0).plan().activations());
      assertTrue(ways.size() > 1);
      for (int i = 0; i < ways.size(); i++) {
        MemoryWay way = ways.get(i);
        if (i > 0) {
          MemoryWay before = ways.get(i - 1);
          assertTrue(way.plan().totalBytes(2) < before.plan().totalBytes(2));
          assertTrue(way.extraMultiplyAdds() > before.extraMultiplyAdds());
        }
        requireTrue(way, config, options, backend);
      }
    }
  }

  private static void requireTrue(
      MemoryWay way, VggConfig config, NetworkOptions options, Backend backend) {
    List<Stage> again = new ArrayList<>();
    try (NetworkPlan plan =
        Vgg.plan(
            config,
            Initialization.KAIMING,
            options.withRecomputation(way.recomputation()),
            backend)) {
      MemoryPlan memory = plan.memoryPlan();
      assertEquals(way.plan().totalBytes(2), memory.totalBytes(2));
      Vgg vgg = new Vgg(config, plan.allocate());
      vgg.network()
          .listen(
              new StageListener() {
                @Override
                public void afterForwardAgain(Stage stage) {
                  again.add(stage);
                }
              });
      vgg.network().forward(vgg.network().input(4), true);
      vgg.network().backward(vgg.network().outputGradient(4));
      vgg.close();
    }
    boolean dropsNorms = way.recomputation().norms() && backend.keepsNorms();
    long norms = dropsNorms ? 4 * 4 * 64 + 4 * (6 + 6) * 16 : 0;
    assertEquals(
        way.extraMultiplyAdds() - norms, again.stream().mapToLong(Stage::multiplyAdds).sum());
  }
}
