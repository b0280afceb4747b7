package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.ScheduleOptions;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.WarmUp;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.testing.TinyNets;

/** The loop over epochs and batches. */
final class TrainerTest {
  private static final TrainingListener SILENT = new TrainingListener() {};

  @TempDir private Path folder;

  /** What a training tells, as text. */
  private static final class Log implements TrainingListener {
    private final List<String> lines = new ArrayList<>();
    private final List<Double> losses = new ArrayList<>();
    private final List<EpochMetrics> metrics = new ArrayList<>();

    @Override
    public void epochStarted(int epoch, int steps, int images) {
      lines.add("start " + epoch + ": " + steps + " steps, " + images + " images");
    }

    @Override
    public void stepFinished(int epoch, int step, int images, double meanLoss) {
      lines.add("step " + epoch + "." + step + ": " + images);
      losses.add(meanLoss);
    }

    @Override
    public void evaluationStarted(int epoch) {
      lines.add("evaluation " + epoch);
    }

    @Override
    public void epochFinished(EpochMetrics epochMetrics) {
      lines.add("end " + epochMetrics.epoch());
      metrics.add(epochMetrics);
    }
  }

  private static Vgg net(VggConfig config, int batchSize, int images, long seed, Backend backend) {
    return Vgg.build(
        config,
        Initialization.KAIMING,
        NetworkOptions.training(Trainer.batchSizes(batchSize, images)).withSeed(seed),
        backend);
  }

  private static TrainingOptions options(int epochs, int batchSize, double rate) {
    return new TrainingOptions(epochs, batchSize, rate, LearningRateSchedule.CONSTANT, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"default", "nhwc"})
  void theSameSeedGivesTheSameFileAndAnotherAnother(String variant) throws IOException {
    FashionMnist sample = TinyNets.sample();
    ImageSource train = sample.train().limit(75); // of batches of 32 the last has 11
    ImageSource test = sample.test().limit(20);
    Path first = trained(variant, 1, train, test, "first");
    assertEquals(-1, Files.mismatch(first, trained(variant, 1, train, test, "again")));
    assertNotEquals(-1, Files.mismatch(first, trained(variant, 2, train, test, "other")));
  }

  private Path trained(String variant, long seed, ImageSource train, ImageSource test, String name)
      throws IOException {
    VggConfig config = TinyNets.config("8,M,16,M", true, 10, 0.5).toBuilder().hidden(16).build();
    Path file = folder.resolve(name);
    TrainingOptions options = new TrainingOptions(2, 32, 1e-2, LearningRateSchedule.COSINE, seed);
    try (Backend backend = Backends.open("cpu", variant).backend();
        Vgg vgg = net(config, 32, train.size(), seed, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      trainer.fit(train, test, SILENT);
      ModelFile.save(vgg, train.classNames(), file);
    }
    return file;
  }

  /** Only the order of the images differs: the shuffle is drawn from the options' seed. */
  @Test
  void theShuffleFollowsTheSeed() {
    assertArrayEquals(losses(1), losses(1));
    assertTrue(!Arrays.equals(losses(1), losses(2)));
  }

  private static double[] losses(long seed) {
    ImageSource data = TinyNets.noise(12, 3);
    Log log = new Log();
    TrainingOptions options = new TrainingOptions(1, 4, 1e-3, LearningRateSchedule.CONSTANT, seed);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", false, 3, 0), 4, 12, 9, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      trainer.fit(data, data, log);
    }
    return log.losses.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "10, 4, 'start 1: 3 steps, 10 images|step 1.1: 4|step 1.2: 8|step 1.3: 10'",
    "8, 4, 'start 1: 2 steps, 8 images|step 1.1: 4|step 1.2: 8'",
    "4, 4, 'start 1: 1 steps, 4 images|step 1.1: 4'",
    "3, 4, 'start 1: 1 steps, 3 images|step 1.1: 3'",
    "1, 64, 'start 1: 1 steps, 1 images|step 1.1: 1'",
    "3, 1, 'start 1: 3 steps, 3 images|step 1.1: 1|step 1.2: 2|step 1.3: 3'"
  })
  void noImageIsLeftOut(int images, int batchSize, String expected) {
    ImageSource data = TinyNets.noise(images, 3);
    for (String device : List.of("cpu", "reference")) {
      Log log = new Log();
      try (Backend backend = Backends.open(device).backend();
          Vgg vgg = net(TinyNets.config("4,M", false, 3, 0.5), batchSize, images, 1, backend);
          Trainer trainer = new Trainer(vgg, new Adam(), options(1, batchSize, 1e-3))) {
        trainer.fit(data, data, log);
        assertEquals(expected + "|evaluation 1|end 1", String.join("|", log.lines), device);
      }
    }
  }

  /**
   * The weights stand still and neither dropout nor batch norm makes training differ from
   * evaluation: each epoch's loss and accuracy are those of the whole set. A mean over batches, or
   * totals that go on from the epoch before, come to something else.
   */
  @ParameterizedTest
  @CsvSource({"reference, 1e-12, 3", "cpu, 1e-5, 3", "cpu, 1e-5, 300"})
  void theLossIsTheMeanOverTheEpochsImages(String device, double tolerance, int classes) {
    ImageSource data = TinyNets.noise(50, classes); // the last batch has 2 of 4
    Preprocessing net = new Preprocessing(1, 9, 8, List.of(0.25), List.of(0.5));
    Log log = new Log();
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("3,M,4,M", false, classes, 0),
                NetworkOptions.training(4, 2),
                backend);
        Trainer trainer = new Trainer(vgg, net, new Adam(), options(3, 4, 1e-30))) {
      Evaluation before = Evaluator.evaluate(vgg, net, data);
      trainer.fit(data, data, log);
      assertEquals(3, log.metrics.size());
      for (EpochMetrics metrics : log.metrics) {
        double difference = Math.abs(metrics.trainLoss() - before.meanLoss());
        // The evaluation goes through float logits, whatever the engine.
        if (!(difference <= Math.max(tolerance, 1e-6) * before.meanLoss())) {
          fail(
              "epoch "
                  + metrics.epoch()
                  + ": "
                  + metrics.trainLoss()
                  + ", not "
                  + before.meanLoss());
        }
        assertEquals(before.accuracy(), metrics.trainAccuracy());
        assertEquals(before.accuracy(), metrics.testAccuracy());
        assertEquals(
            log.metrics.get(0).trainLoss(), metrics.trainLoss(), tolerance, "epochs differ");
      }
    }
  }

  @Test
  void itStopsInTheMiddleOfAnEpoch() {
    ImageSource data = TinyNets.noise(10, 3);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0.5), 4, 10, 1, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options(5, 4, 1e-3))) {
      Log log = new Log();
      TrainingListener stopper =
          new TrainingListener() {
            @Override
            public void stepFinished(int epoch, int step, int images, double meanLoss) {
              if (epoch == 2 && step == 2) {
                trainer.stop();
              }
            }
          };
      EpochMetrics last = trainer.fit(data, data, TrainingListener.all(log, stopper));
      assertEquals(1, last.epoch());
      assertEquals(5, trainer.step());
      assertEquals("step 2.2: 8", log.lines.get(log.lines.size() - 1));
    }
  }

  @Test
  void stoppedInAnEpochItHasTheMetricsOfTheOneBefore() {
    assertNull(stoppedAt(1, 1));
    assertNull(stoppedAt(1, 3)); // the last step: only the evaluation is missing
    assertEquals(1, stoppedAt(2, 3).epoch());
  }

  private static EpochMetrics stoppedAt(int stopEpoch, int stopStep) {
    ImageSource data = TinyNets.noise(10, 3);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0.5), 4, 10, 1, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options(5, 4, 1e-3))) {
      return trainer.fit(
          data,
          data,
          new TrainingListener() {
            @Override
            public void stepFinished(int epoch, int step, int images, double meanLoss) {
              if (epoch == stopEpoch && step == stopStep) {
                trainer.stop();
              }
            }
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void aDivergedTrainingSaysWhereAndAtWhatRate(String device) {
    ImageSource data = TinyNets.noise(10, 3);
    Log log = new Log();
    TrainingOptions options = new TrainingOptions(4, 4, 1e200, LearningRateSchedule.LINEAR, 1);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0), 4, 10, 1, backend);
        Trainer trainer = new Trainer(vgg, new Sgd(new SgdSpec(0, 0)), options)) {
      DivergedException diverged =
          assertThrows(DivergedException.class, () -> trainer.fit(data, data, log));
      // The first loss is that of the starting values; the update after it ruins the weights.
      assertEquals(1, diverged.epoch());
      assertEquals(2, diverged.step());
      assertTrue(
          diverged.getMessage().contains("epoch 1, step 2, at learning rate 9.17e+199"),
          diverged.getMessage()); // 11 of 12 steps are left
      assertEquals(List.of("start 1: 3 steps, 10 images", "step 1.1: 4"), log.lines);
    }
  }

  /**
   * The very last update of an epoch ruins the weights: the evaluation notices before saving. Only
   * the last layer's outputs overflow: behind those of others, oneDNN's ReLU takes what is not a
   * number to 0.
   */
  @Test
  void aRuinedLastUpdateIsNoticedBeforeTheEpochCounts() {
    ImageSource data = TinyNets.noise(4, 3);
    Log log = new Log();
    try (Backend backend = Backends.open("cpu").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0), 4, 4, 1, backend);
        Trainer trainer = new Trainer(vgg, new Sgd(new SgdSpec(0, 0)), options(3, 4, 1e16))) {
      DivergedException diverged =
          assertThrows(DivergedException.class, () -> trainer.fit(data, data, log));
      assertEquals(1, diverged.epoch());
      assertEquals(1, diverged.step());
      assertEquals(List.of(), log.metrics);
    }
  }

  /**
   * Where hidden layers overflow as well, oneDNN's ReLU may take what is not a number to 0, and an
   * evaluation may end with a loss; the next step at the latest notices.
   */
  @ParameterizedTest
  @ValueSource(doubles = {1e20, 1e25, 1e30, 1e35})
  void aRuinedLastUpdateIsNoticedByTheNextStep(double rate) {
    ImageSource data = TinyNets.noise(4, 3);
    Log log = new Log();
    try (Backend backend = Backends.open("cpu").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0), 4, 4, 1, backend);
        Trainer trainer = new Trainer(vgg, new Sgd(new SgdSpec(0, 0)), options(3, 4, rate))) {
      DivergedException diverged =
          assertThrows(DivergedException.class, () -> trainer.fit(data, data, log));
      assertTrue(diverged.step() <= 2, diverged.getMessage());
      assertTrue(log.metrics.size() <= 1, log.metrics.toString());
    }
  }

  /** The ReLU makes zeros of NaN, so the loss stays finite while running statistics overflow. */
  @ParameterizedTest
  @CsvSource({"cpu, 1e4", "reference, 1e24"})
  void aRuinedNetOfFiniteLossIsNoticedBeforeTheEpochCounts(String device, double rate) {
    ImageSource data = TinyNets.noise(16, 3);
    List<String> ruined = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = net(TinyNets.config("4,M,6,M", true, 3, 0), 4, 16, 0, backend);
        Trainer trainer = new Trainer(vgg, new Sgd(new SgdSpec(0.9, 0)), options(5, 4, rate))) {
      TrainingListener listener =
          new TrainingListener() {
            @Override
            public void stepFinished(int epoch, int step, int images, double meanLoss) {
              losses.add(meanLoss);
            }

            @Override
            public void epochFinished(EpochMetrics metrics) {
              TinyNets.state(vgg)
                  .forEach(
                      (name, values) -> {
                        if (!Arrays.stream(values).allMatch(Double::isFinite)) {
                          ruined.add(name + " after epoch " + metrics.epoch());
                        }
                      });
            }
          };
      DivergedException diverged =
          assertThrows(DivergedException.class, () -> trainer.fit(data, data, listener));
      assertEquals(List.of(), ruined);
      assertTrue(diverged.getMessage().contains("diverged: features."), diverged.getMessage());
      assertTrue(losses.stream().allMatch(Double::isFinite), losses.toString());
    }
  }

  @ParameterizedTest
  @EnumSource(LearningRateSchedule.class)
  void everyStepHasItsRate(LearningRateSchedule schedule) {
    ImageSource data = TinyNets.noise(10, 3);
    List<Double> rates = new ArrayList<>();
    List<Double> expected = new ArrayList<>();
    for (int step = 0; step < 6; step++) {
      double warm = step == 0 ? 0.5 : 1;
      expected.add(
          warm
              * switch (schedule) {
                case CONSTANT, PLATEAU -> 0.02;
                case STEP -> step < 3 ? 0.02 : 0.02 * 0.1;
                case LINEAR -> 0.02 * (1 - step / 6.0);
                case COSINE -> 0.02 * ((1 + Math.cos(Math.PI * (step / 6.0))) / 2);
              });
    }
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0.5), 4, 10, 1, backend);
        Trainer trainer =
            new Trainer(
                vgg,
                new Adam(),
                new TrainingOptions(2, 4, 0.02, schedule, 1)
                    .withScheduleOptions(new ScheduleOptions(1, 10, 1, 1, new WarmUp(2, false))))) {
      EpochMetrics last =
          trainer.fit(
              data,
              data,
              new TrainingListener() {
                @Override
                public void stepFinished(int epoch, int step, int images, double meanLoss) {
                  rates.add(vgg.network().stepState().learningRate());
                  assertEquals(rates.size() - 1, vgg.network().stepState().step());
                }
              });
      assertEquals(expected.get(5), last.learningRate());
      assertEquals(expected.get(5), last.toMap().get("learningRate"));
    }
    assertEquals(expected, rates);
  }

  /** Without momentum an update is the rate times the gradient: the rate is really used. */
  @Test
  void theUpdateUsesTheRateOfItsStep() {
    ImageSource data = TinyNets.noise(4, 3);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0), 4, 4, 1, backend);
        Trainer trainer =
            new Trainer(
                vgg,
                new Sgd(new SgdSpec(0, 0)),
                new TrainingOptions(2, 4, 0.5, LearningRateSchedule.LINEAR, 1))) {
      List<double[]> biases = new ArrayList<>();
      List<double[]> gradients = new ArrayList<>();
      var bias = vgg.network().parameters().get(vgg.network().parameters().size() - 1);
      biases.add(TinyNets.values(bias.value()));
      trainer.fit(
          data,
          data,
          new TrainingListener() {
            @Override
            public void stepFinished(int epoch, int step, int images, double meanLoss) {
              biases.add(TinyNets.values(bias.value()));
              gradients.add(TinyNets.values(bias.gradient()));
            }
          });
      double[] rates = {0.5, 0.25};
      for (int step = 0; step < 2; step++) {
        for (int i = 0; i < 3; i++) {
          double moved = biases.get(step)[i] - rates[step] * gradients.get(step)[i];
          assertEquals(moved, biases.get(step + 1)[i], 1e-15);
          assertTrue(Math.abs(gradients.get(step)[i]) > 1e-6);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void theSavedModelHasTheLastTestAccuracy(String device) throws IOException {
    FashionMnist sample = TinyNets.sample();
    ImageSource train = sample.train().limit(150);
    ImageSource test = sample.test().limit(101);
    Path file = folder.resolve("model");
    VggConfig config = TinyNets.config("4,M,6,M", true, 10, 0.5);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = net(config, 32, 150, 1, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options(2, 32, 1e-2))) {
      EpochMetrics last = trainer.fit(train, test, SILENT);
      ModelFile.save(vgg, train.classNames(), file);
      for (int batchSize : new int[] {1, 32, 101, 128}) {
        try (ModelFile.Loaded loaded =
            ModelFile.load(file, NetworkOptions.inference(batchSize), backend)) {
          Evaluation evaluation = Evaluator.evaluate(loaded.vgg(), loaded.preprocessing(), test);
          assertEquals(last.testAccuracy(), evaluation.accuracy(), "batch size " + batchSize);
          assertEquals(101, evaluation.count());
        }
      }
      assertTrue(last.testAccuracy() > 0.1, "it learnt nothing: " + last);
    }
  }

  @Test
  void aNetOfOtherBatchSizesIsRefusedBeforeTheFirstStep() {
    ImageSource data = TinyNets.noise(10, 3);
    Log log = new Log();
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0), 4, 8, 1, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options(1, 4, 1e-3))) {
      InvalidInputException refused =
          assertThrows(InvalidInputException.class, () -> trainer.fit(data, data, log));
      assertEquals(
          "10 images in batches of 4 need a net for the batch sizes [4, 2], but this one was built"
              + " for [4]; build it with NetworkOptions.training(Trainer.batchSizes(4, 10))",
          refused.getMessage());
      assertEquals(List.of(), log.lines);
      assertEquals(0, trainer.step());
    }
  }

  @Test
  void aNetOfOtherClassesIsRefused() {
    ImageSource data = TinyNets.noise(4, 3);
    ImageSource other = TinyNets.noise(4, 4);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = net(TinyNets.config("4,M", true, 3, 0), 4, 4, 1, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options(1, 4, 1e-3))) {
      assertThrows(InvalidInputException.class, () -> trainer.fit(other, data, SILENT));
      assertThrows(InvalidInputException.class, () -> trainer.fit(data, other, SILENT));
      assertEquals(0, trainer.step());
    }
  }
}
