package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.Backend;
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
    return train(device, rank, options, optimizer, images, false);
  }

  private static Trained train(
      String device,
      Collective rank,
      TrainingOptions options,
      String optimizer,
      int images,
      boolean norms) {
    VggConfig config = TinyNets.config("3,M,4,M", norms, 3, 0.4);
    ImageSource data = TinyNets.noise(images, 3);
    Shard shard = new Shard(rank.rank(), rank.world());
    Integer[] sizes = Trainer.batchSizes(options.batchSize(), images, options.split(), shard);
    Optimizer update = optimizer.equals("adam") ? new Adam() : new Sgd(new SgdSpec(0.9, 1e-3));
    // Ranks other than 0 begin with other weights, which must not matter.
    NetworkOptions net = NetworkOptions.training(sizes).withSeed(7);
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

  /** Every rank ends with the same bits, and so does another run, with local norms too. */
  @ParameterizedTest
  @CsvSource({"cpu, 2, false", "cpu, 3, true", "reference, 3, true"})
  void theBitsAreTheSameOnAllRanksAndOverRuns(String device, int world, boolean norms) {
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
}
