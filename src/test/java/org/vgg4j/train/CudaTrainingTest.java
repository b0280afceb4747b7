package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.SgdSpec;

/** A short training on the sample, which must do as well on the GPU engine as on the CPU's. */
@OnCuda
final class CudaTrainingTest {
  private static final int IMAGES = 520; // of batches of 64 the last has 8
  private static final int SEEDS = 2;
  private static final int EVALUATED = 3000;
  private static final double HALF_A_POINT = 0.005;

  private static FashionMnist sample() {
    Path folder = Path.of(System.getProperty("basedir", "."), "data", "sample");
    return FashionMnist.load(
        folder.toString(), DataPlaces.ofThisMachine(), (file, done, total) -> {});
  }

  private static VggConfig config(String layers) {
    return config(layers, true);
  }

  private static VggConfig config(String layers, boolean batchNorm) {
    return VggConfig.builder()
        .layers(layers)
        .batchNorm(batchNorm)
        .channels(1)
        .classes(10)
        .imageSize(16)
        .hidden(32)
        .dropout(0.2)
        .build();
  }

  private static TrainingOptions options(int epochs, double learningRate) {
    return new TrainingOptions(epochs, 64, 1, learningRate, LearningRateSchedule.CONSTANT, 1);
  }

  private static EpochMetrics train(Backend engine, int epochs, double learningRate) {
    return train(
        engine, config("8,M,16,M"), new Adam(), options(epochs, learningRate), 1000, vgg -> {});
  }

  /** Trains, looks at the net after each step, and tests it on some images after each epoch. */
  private static EpochMetrics train(
      Backend engine,
      VggConfig config,
      Optimizer optimizer,
      TrainingOptions options,
      int tested,
      Consumer<Vgg> look) {
    FashionMnist data = sample();
    try (Backend backend = engine;
        Vgg vgg =
            Vgg.build(
                config,
                Initialization.PYTORCH,
                NetworkOptions.training(Trainer.batchSizes(64, IMAGES)).withSeed(options.seed()),
                backend);
        Trainer trainer = new Trainer(vgg, optimizer, options)) {
      return trainer.fit(
          data.train().limit(IMAGES),
          data.test().limit(tested),
          new TrainingListener() {
            @Override
            public void stepDone(long step) {
              look.accept(vgg);
            }
          });
    }
  }

  @Test
  void reachesTheAccuracyOfTheCpuEngine() {
    CudaUnderTest.requireCpuEngine();
    EpochMetrics cuda = train(CudaUnderTest.open(), 8, 4e-3);
    EpochMetrics cpu = train(Backends.open("cpu").backend(), 8, 4e-3);
    System.out.printf(
        "accuracy %.3f on %s, %.3f on the CPU engine%n",
        cuda.testAccuracy(), CudaUnderTest.isGpu() ? "a GPU" : "the stand-in", cpu.testAccuracy());
    assertTrue(cpu.testAccuracy() > 0.65, () -> "the CPU engine learned nothing: " + cpu);
    assertEquals(cpu.testAccuracy(), cuda.testAccuracy(), 0.03);
    assertEquals(cpu.trainLoss(), cuda.trainLoss(), 0.02 * cpu.trainLoss());
  }

  @Test
  void sameBitsAgain() {
    EpochMetrics first = train(CudaUnderTest.open(), 2, 2e-3);
    EpochMetrics second = train(CudaUnderTest.open(), 2, 2e-3);
    assertEquals(first.trainLoss(), second.trainLoss());
    assertEquals(first.testAccuracy(), second.testAccuracy());
  }

  @Test
  void divergenceNamesTheFirstStepAlthoughItIsReadLater() {
    CudaUnderTest.requireCpuEngine();
    DivergedException cuda =
        assertThrows(DivergedException.class, () -> train(CudaUnderTest.open(), 3, 1e30));
    DivergedException cpu =
        assertThrows(DivergedException.class, () -> train(Backends.open("cpu").backend(), 3, 1e30));
    assertEquals(cpu.step(), cuda.step());
    assertEquals(cpu.epoch(), cuda.epoch());
  }

  /**
   * Without batch norm cuDNN takes the ReLU, which could make 0 of NaN: one filter that is lost is
   * seen by the loss of the next step all the same.
   */
  @Test
  void lostFilterOfAPlainNetIsFound() {
    List<Long> steps = new ArrayList<>();
    for (Backend engine :
        List.of(
            CudaUnderTest.open(),
            open(Precision.BF16, Activations.KEEP),
            CudaUnderTest.open(
                CudaUnderTest.measuring(Precision.TF32, Activations.KEEP, Map.of(), null)))) {
      int[] done = new int[1];
      DivergedException diverged =
          assertThrows(
              DivergedException.class,
              () ->
                  train(
                      engine,
                      config("8,M,16,M", false),
                      new Adam(),
                      options(3, 1e-3),
                      10,
                      vgg -> {
                        if (++done[0] == 3) {
                          loseAFilter(vgg.network().parameters().get(0));
                        }
                      }),
              engine.name());
      steps.add(diverged.step());
    }
    assertEquals(List.of(4L, 4L, 4L), steps);
  }

  private static void loseAFilter(Parameter weight) {
    double[] values = Values.of(weight.value());
    Arrays.fill(values, 0, values.length / weight.shape().dim(0), Double.NaN);
    weight.value().upload(values);
    weight.compute().upload(values);
  }

  private static Backend open(Precision precision, Activations activations) {
    return CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations));
  }

  /**
   * Two trainings that round differently end apart by chance: with SGD at a low rate by a quarter
   * of a point (fp32 against TF32, over the sample's 6000 training images), with Adam, at a rate
   * that falls to 0 as the recipe quick has it, bf16 was between 0.1 points worse and 3.4 better
   * over six seeds. So with Adam only a loss counts.
   */
  @Test
  void reachesTheAccuracyOfFp32InBf16() {
    Optimizer sgd = new Sgd(new SgdSpec(0.9, 5e-4));
    double gained = gainOfBf16(sgd, 5e-3, LearningRateSchedule.CONSTANT);
    assertTrue(Math.abs(gained) <= HALF_A_POINT, () -> "SGD differs by " + gained);
    double withAdam = gainOfBf16(new Adam(), 4e-3, LearningRateSchedule.LINEAR);
    assertTrue(withAdam >= -HALF_A_POINT, () -> "Adam loses " + -withAdam);
  }

  private static double gainOfBf16(
      Optimizer optimizer, double rate, LearningRateSchedule schedule) {
    double fp32 = meanAccuracy(Precision.FP32, optimizer, rate, schedule);
    double bf16 = meanAccuracy(Precision.BF16, optimizer, rate, schedule);
    System.out.printf(
        "accuracy with %s: %.4f in bf16, %.4f in fp32%n", optimizer.name(), bf16, fp32);
    assertTrue(fp32 > 0.4, () -> "nothing was learned in fp32: " + fp32);
    return bf16 - fp32;
  }

  private static double meanAccuracy(
      Precision precision, Optimizer optimizer, double rate, LearningRateSchedule schedule) {
    FashionMnist data = sample();
    double[] accuracy = new double[SEEDS];
    for (int i = 0; i < SEEDS; i++) {
      int seed = i;
      int epochs = 8;
      int steps = epochs * ((IMAGES + 63) / 64);
      int[] done = new int[1];
      train(
          open(precision, Activations.RECOMPUTE),
          config("8,M,16,M"),
          optimizer,
          new TrainingOptions(epochs, 64, 1, rate, schedule, 1 + seed),
          10,
          vgg -> {
            if (++done[0] == steps) {
              accuracy[seed] =
                  Evaluator.evaluate(vgg, Preprocessing.of(1, 16), data.train().limit(EVALUATED))
                      .accuracy();
            }
          });
    }
    return Arrays.stream(accuracy).average().orElseThrow();
  }

  @Test
  void theCopiesThatAreComputedWithFollowTheTrainedWeights() {
    for (Optimizer optimizer :
        List.of(new Adam(), new Sgd(new SgdSpec(0.9, 5e-4)), new Sgd(new SgdSpec(0, 0)))) {
      int[] compared = new int[1];
      train(
          open(Precision.BF16, Activations.KEEP),
          config("5,8,M,16,M"),
          optimizer,
          options(1, 1e-2),
          10,
          vgg -> {
            for (Parameter parameter : vgg.network().parameters()) {
              if (parameter.compute().dtype() == DType.BF16) {
                double[] rounded = Values.of(parameter.value());
                Arrays.setAll(rounded, i -> DType.BF16.round(rounded[i]));
                assertArrayEquals(rounded, Values.of(parameter.compute()), parameter.name());
                compared[0]++;
              }
            }
          });
      assertEquals(9 * 6, compared[0]); // steps, convolutions and linear layers
    }
  }

  @Test
  void keptOrComputedAgainTheBitsAreTheSame() {
    for (Precision precision : Precision.values()) {
      List<double[]> kept = steps(precision, Activations.KEEP);
      List<double[]> again = steps(precision, Activations.RECOMPUTE);
      assertEquals(kept.size(), again.size());
      for (int i = 0; i < kept.size(); i++) {
        assertArrayEquals(kept.get(i), again.get(i));
      }
    }
  }

  /** Returns all parameters, gradients and running statistics after each of nine steps. */
  private static List<double[]> steps(Precision precision, Activations activations) {
    List<double[]> all = new ArrayList<>();
    train(
        open(precision, activations),
        config("5,8,8,M,16,5,M"),
        new Adam(),
        options(1, 1e-2),
        10,
        vgg -> {
          for (Parameter parameter : vgg.network().parameters()) {
            all.add(Values.of(parameter.value()));
            all.add(Values.of(parameter.gradient()));
          }
          vgg.network().buffers().forEach(buffer -> all.add(Values.of(buffer.value())));
        });
    return all;
  }
}
