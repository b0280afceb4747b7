package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.InvalidInputException;

/** What is done about updates besides the optimizer's rule. */
final class UpdatesTest {
  private static final int IMAGES = 22; // batches of 4, the last of 2
  private static final int BATCH = 4;
  private static final VggConfig CONFIG =
      VggConfig.builder()
          .layers("3,M,4,M")
          .batchNorm(true)
          .channels(1)
          .classes(3)
          .imageSize(8)
          .hidden(5)
          .dropout(0.3)
          .build();

  private static ImageSource data() {
    byte[] pixels = new byte[IMAGES * 64];
    long key = CounterRandom.key(3, 3, 3);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    int[] labels = IntStream.range(0, IMAGES).map(i -> i % 3).toArray();
    ImageShape shape = new ImageShape(1, 8, 8);
    return new InMemoryImages("random", shape, List.of("a", "b", "c"), pixels, labels);
  }

  private static Snapshot train(String device, UpdateOptions updates, Snapshot from, long stop) {
    TrainingOptions options =
        new TrainingOptions(3, BATCH, 3e-2, LearningRateSchedule.LINEAR, 7).withUpdates(updates);
    NetworkOptions net =
        NetworkOptions.training(Trainer.batchSizes(BATCH, IMAGES))
            .withFrozen(updates.frozen())
            .withSeed(7);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = Vgg.build(CONFIG, Initialization.KAIMING, net, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      if (from != null) {
        trainer.restore(from);
      }
      TrainingListener stopper =
          new TrainingListener() {
            @Override
            public void stepDone(long step) {
              if (step == stop) {
                trainer.stop();
              }
            }
          };
      trainer.fit(data(), data(), stopper);
      return trainer.capture();
    }
  }

  /** Returns names without a prefix, and checksums of the values. */
  private static List<String> sums(List<SafeTensor> tensors, String prefix) {
    List<String> all = new ArrayList<>();
    for (SafeTensor tensor : tensors) {
      String name = tensor.spec().name();
      if (name.startsWith(prefix) && !name.contains("tracked") && !isZeroBias(name)) {
        CRC32C crc = new CRC32C();
        crc.update(tensor.source().get());
        all.add(name.substring(prefix.length()) + " " + crc.getValue());
      }
    }
    all.sort(null);
    return all;
  }

  /** Of a convolution before a batch norm, which only files have. */
  private static boolean isZeroBias(String name) {
    return name.equals("features.0.bias") || name.equals("features.4.bias");
  }

  private static List<Double> accuracies(Snapshot snapshot) {
    return snapshot.state().finished().stream().map(EpochMetrics::testAccuracy).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void whatChangesNothingChangesNoBits(String device) {
    Snapshot plain = train(device, UpdateOptions.NONE, null, 0);
    UpdateOptions wide = UpdateOptions.NONE.withClipNorm(1e9).withHeadLearningRate(3e-2);
    Snapshot same = train(device, wide, null, 0);
    assertEquals(sums(plain.model(), ""), sums(same.model(), ""));
    assertEquals(sums(plain.optimizer(), ""), sums(same.optimizer(), ""));
    for (UpdateOptions other : List.of(wide.withClipNorm(0.1), wide.withHeadLearningRate(0.1))) {
      assertNotEquals(sums(plain.model(), ""), sums(train(device, other, null, 0).model(), ""));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void anAverageIsTestedAndSavedAndLeavesTheTrainingAsItIs(String device) {
    Snapshot plain = train(device, UpdateOptions.NONE, null, 0);
    Snapshot averaged = train(device, UpdateOptions.NONE.withAverageDecay(0.9), null, 0);
    assertEquals(sums(plain.model(), ""), sums(averaged.optimizer(), "unaveraged."));
    assertEquals(sums(plain.optimizer(), "exp_avg"), sums(averaged.optimizer(), "exp_avg"));
    assertNotEquals(sums(plain.model(), ""), sums(averaged.model(), ""));
    // An average that hardly moves is the net of the beginning, after every epoch.
    Snapshot still = train(device, UpdateOptions.NONE.withAverageDecay(1 - 1e-12), null, 0);
    Snapshot start = train(device, UpdateOptions.NONE, null, 0).withRollbacks(0);
    assertEquals(3, accuracies(still).size());
    assertEquals(1, accuracies(still).stream().distinct().count());
    assertTrue(accuracies(start).stream().distinct().count() > 1, accuracies(start)::toString);
  }

  @Test
  void aSnapshotOfAnAverageIsNoneOfWeights() {
    UpdateOptions average = UpdateOptions.NONE.withAverageDecay(0.9);
    Snapshot averaged = train("reference", average, null, 3);
    Snapshot plain = train("reference", UpdateOptions.NONE, null, 3);
    assertEquals(
        sums(train("reference", average, null, 0).model(), ""),
        sums(train("reference", average, averaged, 0).model(), ""));
    InvalidInputException more =
        assertThrows(
            InvalidInputException.class, () -> train("reference", UpdateOptions.NONE, averaged, 0));
    assertTrue(more.getMessage().contains("unaveraged."), more::getMessage);
    assertThrows(InvalidInputException.class, () -> train("reference", average, plain, 0));
  }

  /** Plain SGD at a rate of 1 moves the weights by the gradients. */
  @ParameterizedTest
  @CsvSource({"1", "3"})
  void theGradientsOfAllPassesTogetherHaveTheNorm(int passes) {
    double most = 0.01;
    TrainingOptions options =
        new TrainingOptions(1, BATCH, passes, 1, LearningRateSchedule.CONSTANT, 7)
            .withUpdates(UpdateOptions.NONE.withClipNorm(most).withFrozen("features.0"));
    NetworkOptions net = NetworkOptions.training(BATCH).withFrozen(List.of("features.0"));
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = Vgg.build(CONFIG, Initialization.KAIMING, net, backend);
        TrainingStep step = new TrainingStep(vgg.network(), new Sgd(0), options)) {
      Network network = vgg.network();
      Execution at = network.execution(BATCH);
      at.input().fill(i -> Math.sin(i));
      at.labels().upload(new int[] {0, 1, 2, 1});
      double[] before = values(network);
      for (int pass = 0; pass < passes; pass++) {
        network.stepState().set(0, pass, 1, BATCH, 1.0 / BATCH / passes);
        step.run(at, pass == 0, pass == passes - 1);
      }
      double[] after = values(network);
      double squares = 0;
      for (int i = 0; i < before.length; i++) {
        squares += (after[i] - before[i]) * (after[i] - before[i]);
      }
      assertEquals(most, Math.sqrt(squares), 1e-4 * most); // the divisor has 1e-6 more
    }
  }

  private static double[] values(Network network) {
    return network.parameters().stream()
        .map(Parameter::value)
        .flatMapToDouble(
            tensor -> {
              double[] values = new double[tensor.shape().arrayLength()];
              tensor.download(values);
              return Arrays.stream(values);
            })
        .toArray();
  }

  @Test
  void numbersThatCannotBeAreRefused() {
    UpdateOptions none = UpdateOptions.NONE;
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(InvalidInputException.class, () -> none.withClipNorm(bad));
      assertThrows(InvalidInputException.class, () -> none.withAverageDecay(bad));
      assertThrows(InvalidInputException.class, () -> none.withHeadLearningRate(bad));
    }
    assertThrows(InvalidInputException.class, () -> none.withAverageDecay(1));
  }
}
