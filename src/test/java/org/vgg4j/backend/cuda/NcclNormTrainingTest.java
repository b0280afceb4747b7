package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.LocalCollective;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NormSums;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.testing.Errors;
import org.vgg4j.testing.TinyNets;
import org.vgg4j.train.DataParallel;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/**
 * GPUs whose batch norms have the statistics of all ranks train what one does, with every kind of
 * block, each rank with its share of a batch, of which the last has an image for one rank only.
 */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class NcclNormTrainingTest {
  private static final int WORLD = 2;
  private static final int BATCH = 8;
  private static final int IMAGES = 25;
  private static final int EPOCHS = 2;

  /** An epoch has three whole batches and a last one of one image. */
  private static final int STEPS = EPOCHS * 4;

  /** The first block has no pooling, so it may leave its norm to the second. */
  private static final String LAYERS = "4,8,M,8,M";

  /** Some pieces in each step. */
  private static final int BUCKET = 400;

  private static final String SUMS = "fuse forward statistics ";

  /**
   * A training.
   *
   * @param form of its steps: serial, branched or none
   * @param fuses whether convolutions take the statistics' sums where cuDNN offers that; null for
   *     deterministic plans
   * @param again whether the stage is computed a second time
   */
  private record Case(
      String form, Precision precision, Activations activations, Boolean fuses, boolean again) {
    CudaOptions options(Map<String, String> choices) {
      Map<String, String> all = new HashMap<>(choices);
      if (!form.equals("none")) {
        all.put("step graph", form);
      }
      boolean isDeterministic = fuses == null;
      return new CudaOptions(
              0, List.of(), 16L << 20, precision, isDeterministic, all, activations, true, 3, null)
          .withGraph(!form.equals("none"));
    }

    /** The stretch from the first layer to the first pooling. */
    Recomputation recomputation() {
      return again ? new Recomputation(false, List.of(0)) : Recomputation.NONE;
    }

    /**
     * Of the way that all weights have come. In single precision sums in another order differ by
     * 1e-7, over 8 steps of some 10 layers. TF32's products round their inputs by 2^-11, and where
     * two sums straddle an edge, they differ by that. In bf16 each rank rounds its gradient of the
     * filters, by 2^-9 of it, and activations straddle the edges of 2^-8 as well as those of the
     * ReLU and the max-pool, which some of the 25 images' values cross with their whole gradient.
     */
    double tolerance() {
      return switch (precision) {
        case FP32 -> 1e-5;
        case TF32 -> 1e-3;
        case BF16 -> 0.1;
      };
    }
  }

  private static Stream<Case> cases() {
    return Stream.of(
        new Case("serial", Precision.FP32, Activations.KEEP, null, false),
        new Case("branched", Precision.FP32, Activations.RECOMPUTE, null, false),
        new Case("none", Precision.FP32, Activations.KEEP, null, true),
        new Case("serial", Precision.FP32, Activations.RECOMPUTE, null, true),
        new Case("serial", Precision.TF32, Activations.KEEP, true, false),
        new Case("branched", Precision.TF32, Activations.RECOMPUTE, true, false),
        new Case("serial", Precision.BF16, Activations.KEEP, null, false),
        new Case("branched", Precision.BF16, Activations.RECOMPUTE, null, false),
        new Case("none", Precision.BF16, Activations.KEEP, true, false));
  }

  @BeforeEach
  void twoGpus() {
    StandIn.devices(WORLD);
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  private static Vgg net(CudaBackend backend, Collective rank, Case c) {
    Shard shard = new Shard(rank.rank(), rank.world());
    Integer[] sizes = Trainer.batchSizes(BATCH, IMAGES, 1, shard);
    return Vgg.build(
        TinyNets.config(LAYERS, true, 3, 0.4),
        Initialization.PYTORCH,
        NetworkOptions.training(sizes)
            .withSeed(7)
            .withRecomputation(c.recomputation())
            .withNormSums(rank.world() > 1 ? new NormSums(rank) : null),
        backend);
  }

  /** What is left of a training, and where it began. */
  private record Trained(Map<String, double[]> start, Map<String, double[]> end) {}

  private static Trained train(CudaBackend backend, Collective rank, Case c) {
    ImageSource data = TinyNets.noise(IMAGES, 3);
    TrainingOptions training =
        new TrainingOptions(EPOCHS, BATCH, 1, 1e-2, LearningRateSchedule.CONSTANT, 3);
    try (Vgg vgg = net(backend, rank, c);
        Trainer trainer =
            new Trainer(
                vgg, new Sgd(new SgdSpec(0.9, 1e-3)), training, new DataParallel(rank, BUCKET))) {
      Map<String, double[]> start = TinyNets.state(vgg);
      trainer.fit(data, data.limit(7), new TrainingListener() {});
      assertEquals(STEPS, trainer.step());
      return new Trained(start, TinyNets.state(vgg));
    }
  }

  /** Returns the answers to all questions of all ranks' nets, and of one that trains alone. */
  private static Map<String, String> choices(Case c) {
    if (c.fuses == null) {
      return Map.of();
    }
    List<Collective> all = new ArrayList<>(LocalCollective.of(WORLD));
    all.add(Collective.alone());
    return Answers.of(
        c.precision,
        c.activations,
        Map.of(),
        question -> question.startsWith(SUMS) && c.fuses,
        backend ->
            all.forEach(
                rank -> {
                  try (Vgg vgg = net(backend, rank, c)) {
                    assertTrue(vgg.network().parameters().size() > 0);
                  }
                }));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void ranksAreOne(Case c) {
    Map<String, String> choices = choices(c);
    if (c.fuses != null) {
      assertEquals(c.fuses, choices.entrySet().stream().anyMatch(NcclNormTrainingTest::isSummed));
    }
    StandIn.reset();
    List<Trained> all =
        Ranks.of(WORLD)
            .on(c.options(choices))
            .results((backend, collective) -> train(backend, collective, c));
    // The first step runs call by call, as do those in which the ranks have unlike shares.
    long recorded = WORLD * (STEPS - EPOCHS - 1);
    assertEquals(
        c.form.equals("none") ? 0 : recorded, StandIn.calls("cudaGraphLaunch"), "steps as graphs");
    Map<String, double[]> end = all.get(0).end;
    end.forEach((name, values) -> assertArrayEquals(values, all.get(1).end.get(name), name));
    try (CudaBackend alone = CudaUnderTest.open(c.options(choices))) {
      Trained right = train(alone, Collective.alone(), c);
      for (String kind : List.of("weight", "bias", "running_mean", "running_var")) {
        double error = difference(right, all.get(0), kind);
        Errors.record("norms over ranks, " + c, kind, error, 1);
        assertTrue(error <= c.tolerance(), () -> c + ": " + kind + " differ by " + error);
      }
    }
  }

  @Test
  void aSecondForwardExchangesNothing() {
    long once = sums(new Case("none", Precision.FP32, Activations.KEEP, null, false));
    assertTrue(once > 0);
    assertEquals(once, sums(new Case("none", Precision.FP32, Activations.KEEP, null, true)));
  }

  /** Returns how many sums the ranks begin in a training. */
  private static long sums(Case c) {
    StandIn.reset();
    Ranks.of(WORLD)
        .on(c.options(Map.of()))
        .results((backend, collective) -> train(backend, collective, c));
    return StandIn.calls("ncclAllReduce");
  }

  private static boolean isSummed(Map.Entry<String, String> choice) {
    return choice.getKey().startsWith(SUMS) && choice.getValue().equals("yes");
  }

  /** Returns how far two trainings have come from each other, as a share of the way of one. */
  private static double difference(Trained right, Trained other, String kind) {
    double apart = 0;
    double way = 0;
    for (Map.Entry<String, double[]> tensor : right.end.entrySet()) {
      double[] start = right.start.get(tensor.getKey());
      double[] end = tensor.getValue();
      double[] others = other.end.get(tensor.getKey());
      for (int i = 0; tensor.getKey().endsWith(kind) && i < end.length; i++) {
        apart += Math.pow(others[i] - end[i], 2);
        way += Math.pow(end[i] - start[i], 2);
      }
    }
    assertTrue(way > 0, kind);
    return Math.sqrt(apart / way);
  }
}
