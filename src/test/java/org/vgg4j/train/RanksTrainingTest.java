package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NormSums;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.testing.LocalRanks;
import org.vgg4j.testing.TinyNets;

/** Several ranks train what one does. */
final class RanksTrainingTest {
  /** A bucket of so few bytes cuts within a layer. */
  private static final int BUCKET = 200;

  /** What is left of a training. */
  private record Trained(Map<String, double[]> state, List<EpochMetrics> metrics, long step) {}

  private static TrainingOptions options(
      int batch, int accumulate, int split, double clip, double average) {
    return new TrainingOptions(2, batch, accumulate, 1e-2, LearningRateSchedule.LINEAR, 3)
        .withSplit(split)
        .withUpdates(new UpdateOptions(clip, average, 0, List.of()));
  }

  private static Trained train(
      String device, Collective rank, TrainingOptions options, String optimizer, int images) {
    return train(device, rank, options, optimizer, images, "none");
  }

  private static Trained train(
      String device,
      Collective rank,
      TrainingOptions options,
      String optimizer,
      int images,
      String norms) {
    VggConfig config = TinyNets.config("3,M,4,M", !norms.equals("none"), 3, 0.4);
    ImageSource data = TinyNets.noise(images, 3);
    Shard shard = new Shard(rank.rank(), rank.world());
    Integer[] sizes = Trainer.batchSizes(options.batchSize(), images, options.split(), shard);
    Optimizer update = optimizer.equals("adam") ? new Adam() : new Sgd(new SgdSpec(0.9, 1e-3));
    // Ranks other than 0 begin with other weights, which must not matter.
    NetworkOptions net =
        NetworkOptions.training(sizes)
            .withSeed(7)
            .withNormSums(norms.equals("shared") && rank.world() > 1 ? new NormSums(rank) : null);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg =
            rank.rank() == 0
                ? Vgg.build(config, Initialization.KAIMING, net, backend)
                : Vgg.build(config, Initialization.PYTORCH, net, backend);
        Trainer trainer = new Trainer(vgg, update, options, new DataParallel(rank, BUCKET))) {
      List<EpochMetrics> metrics = new ArrayList<>();
      trainer.fit(
          data,
          data.limit(7),
          new TrainingListener() {
            @Override
            public void epochFinished(EpochMetrics epoch) {
              metrics.add(epoch.timeless());
            }
          });
      Map<String, double[]> state = new LinkedHashMap<>(TinyNets.state(vgg));
      return new Trained(state, metrics, trainer.step());
    }
  }

  /** Batches that do not divide, smaller last ones of which a rank may have nothing. */
  @ParameterizedTest
  @CsvSource({
    "2, 64, 128, 1, 1, adam, 0, 0",
    "2, 64, 130, 1, 1, sgd, 0, 0",
    "3, 7, 22, 1, 1, adam, 0, 0",
    "3, 8, 17, 1, 1, sgd, 0.5, 0.9",
    "3, 5, 21, 2, 1, adam, 0.5, 0.9",
    "2, 8, 33, 3, 2, sgd, 0, 0.8",
    "4, 16, 50, 1, 3, adam, 0.5, 0",
  })
  void severalRanksAreOne(
      int world,
      int batch,
      int images,
      int accumulate,
      int split,
      String optimizer,
      double clip,
      double average) {
    TrainingOptions options = options(batch, accumulate, split, clip, average);
    Trained one = train("reference", Collective.alone(), options, optimizer, images);
    List<Trained> all =
        LocalRanks.all(world, rank -> train("reference", rank, options, optimizer, images));
    for (Trained each : all) {
      // Adam divides a gradient by its size, and with it the rounding of one that is nearly zero.
      requireClose(one.state, each.state, optimizer.equals("adam") ? 1e-11 : 1e-12);
      assertEquals(one.step, each.step);
      for (int e = 0; e < one.metrics.size(); e++) {
        EpochMetrics expected = one.metrics.get(e);
        EpochMetrics actual = each.metrics.get(e);
        assertEquals(expected.trainLoss(), actual.trainLoss(), 1e-12 * expected.trainLoss());
        assertEquals(expected.trainAccuracy(), actual.trainAccuracy());
        assertEquals(expected.testAccuracy(), actual.testAccuracy());
        assertEquals(expected.learningRate(), actual.learningRate());
      }
      requireSame(all.get(0).state, each.state);
    }
  }

  /** With statistics over all ranks, too, even where a rank has no images. */
  @ParameterizedTest
  @CsvSource({
    "reference, 2, 64, 64, 1, sgd, 1e-12",
    "reference, 3, 7, 22, 1, sgd, 1e-12",
    "reference, 3, 8, 18, 2, sgd, 1e-12",
    "reference, 3, 4, 9, 1, adam, 1e-10",
    "cpu, 3, 8, 18, 1, sgd, 1e-4"
  })
  void severalRanksWithSharedNormsAreOne(
      String device,
      int world,
      int batch,
      int images,
      int accumulate,
      String optimizer,
      double share) {
    TrainingOptions options = options(batch, accumulate, 1, 0, 0.9);
    Trained one = train(device, Collective.alone(), options, optimizer, images, "shared");
    List<Trained> all =
        LocalRanks.all(world, rank -> train(device, rank, options, optimizer, images, "shared"));
    for (Trained each : all) {
      requireClose(one.state, each.state, share);
      requireSame(all.get(0).state, each.state);
    }
  }

  /** Every rank ends with the same bits, and so does another run, with local norms too. */
  @ParameterizedTest
  @CsvSource({"cpu, 2, none", "cpu, 3, own", "cpu, 2, shared", "reference, 3, own"})
  void theBitsAreTheSameOnAllRanksAndOverRuns(String device, int world, String norms) {
    TrainingOptions options = options(12, 1, 1, 0.5, 0.9);
    List<Trained> first =
        LocalRanks.all(world, rank -> train(device, rank, options, "adam", 29, norms));
    List<Trained> again =
        LocalRanks.all(world, rank -> train(device, rank, options, "adam", 29, norms));
    for (int r = 0; r < world; r++) {
      requireSame(first.get(0).state, first.get(r).state);
      requireSame(first.get(0).state, again.get(r).state);
      assertEquals(first.get(0).metrics, again.get(r).metrics);
    }
  }

  private static void requireSame(Map<String, double[]> expected, Map<String, double[]> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
  }

  /** The largest difference may be a share of the largest value of its tensor. */
  private static void requireClose(
      Map<String, double[]> expected, Map<String, double[]> actual, double share) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, values) -> {
          double largest = 0;
          for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          for (int i = 0; i < values.length; i++) {
            if (!(Math.abs(values[i] - actual.get(name)[i]) <= share * largest)) {
              fail(name + "[" + i + "]: " + values[i] + " and " + actual.get(name)[i]);
            }
          }
        });
  }

  /** Does something with a rank's trainer of a small net, and its 20 images, in batches of 4. */
  private static <T> T onRank(
      String device, Collective rank, BiFunction<Trainer, ImageSource, T> work) {
    VggConfig config = TinyNets.config("3,M", false, 3, 0);
    Integer[] sizes = Trainer.batchSizes(4, 20, 1, new Shard(rank.rank(), rank.world()));
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg =
            Vgg.build(config, Initialization.KAIMING, NetworkOptions.training(sizes), backend);
        Trainer trainer =
            new Trainer(vgg, new Adam(), options(4, 1, 1, 0, 0), new DataParallel(rank, BUCKET))) {
      return work.apply(trainer, TinyNets.noise(20, 3));
    }
  }

  /** A rank that fails does not leave the others waiting, and a stop of one is a stop of all. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void whatHappensToOneHappensToAll(boolean fails) {
    List<Object> outcomes =
        LocalRanks.outcomes(
            3,
            rank ->
                onRank(
                    "cpu",
                    rank,
                    (trainer, data) -> {
                      trainer.fit(
                          data,
                          data,
                          new TrainingListener() {
                            @Override
                            public void stepDone(long step) {
                              if (step == 3 && rank.rank() == 1) {
                                if (fails) {
                                  throw new IllegalStateException("a rank fails");
                                }
                                trainer.stop();
                              }
                            }
                          });
                      return trainer.step();
                    }));
    if (fails) {
      assertEquals("a rank fails", ((Throwable) outcomes.get(1)).getMessage());
      assertInstanceOf(PeerLostException.class, outcomes.get(0));
      assertInstanceOf(PeerLostException.class, outcomes.get(2));
    } else {
      assertEquals(List.of(4L, 4L, 4L), outcomes);
    }
  }

  /** A profile of steps on ranks says what their sums took, and how long they were waited for. */
  @Test
  void whatTheSumsTookIsTold() {
    List<List<ReductionTime>> all =
        LocalRanks.all(
            2,
            rank ->
                onRank(
                    "reference",
                    rank,
                    (trainer, data) -> {
                      trainer.profile(new ProfileRequest(1, 3, 4, (first, last, times) -> {}));
                      trainer.fit(data, data, new TrainingListener() {});
                      return trainer.reductionTimes();
                    }));
    for (List<ReductionTime> times : all) {
      assertEquals(3, times.size());
      for (ReductionTime time : times) {
        assertTrue(time.millis() > 0 && time.millis() < 60_000, time::toString);
        assertTrue(time.waitMillis() >= 0 && time.waitMillis() < 60_000, time::toString);
      }
    }
    assertEquals(
        "sums over the ranks: 3.00 ms a step, 2.50 ms of it beside the backward, 0.50 ms waited"
            + " for",
        ReductionTime.line(List.of(new ReductionTime(2, 0), new ReductionTime(4, 1))));
  }

  /** Ranks of other options, or other images, are refused. */
  @Test
  void ranksMustAgree() {
    List<Object> outcomes =
        LocalRanks.outcomes(
            2, rank -> train("reference", rank, options(4, 1, 1, rank.rank(), 0), "sgd", 20));
    for (Object outcome : outcomes) {
      String message = assertInstanceOf(InvalidInputException.class, outcome).getMessage();
      assertTrue(message.startsWith("rank 1 differs from rank 0: updates is "), message);
    }
  }

  /** A loss that is not finite on one rank ends the training of all at the same step. */
  @Test
  void allDivergeTogether() {
    TrainingOptions options = new TrainingOptions(2, 4, 1e200, LearningRateSchedule.CONSTANT, 3);
    List<Object> outcomes =
        LocalRanks.outcomes(2, rank -> train("reference", rank, options, "sgd", 20));
    String first = assertInstanceOf(DivergedException.class, outcomes.get(0)).getMessage();
    assertEquals(first, assertInstanceOf(DivergedException.class, outcomes.get(1)).getMessage());
  }

  /** Norms of their own, as PyTorch's DDP: the mean of two gradients, and of two statistics. */
  @Test
  void ownNormsAreThoseOfEachSlice() {
    TrainingOptions options = new TrainingOptions(1, 8, 0.1, LearningRateSchedule.CONSTANT, 3);
    Map<String, double[]> together = step(Collective.alone(), options, null);
    List<Map<String, double[]>> ranks = LocalRanks.all(2, rank -> step(rank, options, null));
    Map<String, double[]> first = step(Collective.alone(), options, new Shard(0, 2));
    Map<String, double[]> second = step(Collective.alone(), options, new Shard(1, 2));
    Map<String, double[]> mean = new LinkedHashMap<>();
    first.forEach(
        (name, values) -> {
          double[] both = values.clone();
          for (int i = 0; i < both.length; i++) {
            // A step of plain SGD is linear in its gradient, and each half's has twice the scale.
            both[i] = name.endsWith("tracked") ? both[i] : (both[i] + second.get(name)[i]) / 2;
          }
          mean.put(name, both);
        });
    requireClose(mean, ranks.get(0), 1e-12);
    requireSame(ranks.get(0), ranks.get(1));
    assertFalse(
        java.util.Arrays.equals(
            together.get("features.1.running_var"), mean.get("features.1.running_var")));
  }

  /** One step of plain SGD on a batch of eight, or on a half of it as if it were the batch. */
  private static Map<String, double[]> step(Collective rank, TrainingOptions options, Shard half) {
    VggConfig config = TinyNets.config("3,M,4,M", true, 3, 0);
    ImageSource data = TinyNets.noise(8, 3);
    int rows = half != null || rank.world() == 2 ? 4 : 8;
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg =
            Vgg.build(
                config,
                Initialization.KAIMING,
                NetworkOptions.training(rows).withSeed(7),
                backend);
        TrainingStep step =
            new TrainingStep(vgg.network(), new Sgd(0), options, new DataParallel(rank, BUCKET))) {
      Execution at = vgg.network().execution(rows);
      int begin = half == null ? rank.rank() * rows : half.begin(8);
      float[] pixels = new float[rows * 64];
      int[] labels = new int[rows];
      java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(64);
      for (int i = 0; i < rows; i++) {
        data.read(begin + i, bytes, 0);
        labels[i] = data.label(begin + i);
        for (int p = 0; p < 64; p++) {
          pixels[i * 64 + p] = (bytes.get(p) & 0xff) / 255f;
        }
      }
      at.input().upload(pixels);
      at.labels().upload(labels);
      double scale = 1.0 / (half == null ? 8 : 4);
      vgg.network().stepState().set(0, 0, 0.1, rows, scale, begin);
      step.run(at, true, true);
      return TinyNets.state(vgg);
    }
  }
}
