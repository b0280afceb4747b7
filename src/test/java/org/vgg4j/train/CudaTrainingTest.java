package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.data.DataPlaces;
import org.vgg4j.data.FashionMnist;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;

/** A short training on the sample, which must do as well on the GPU engine as on the CPU's. */
@OnCuda
final class CudaTrainingTest {
  private static final int IMAGES = 520; // of batches of 64 the last has 8

  private static FashionMnist sample() {
    Path folder = Path.of(System.getProperty("basedir", "."), "data", "sample");
    return FashionMnist.load(
        folder.toString(), DataPlaces.ofThisMachine(), (file, done, total) -> {});
  }

  private static EpochMetrics train(Backend engine, int epochs, double learningRate) {
    VggConfig config =
        VggConfig.builder()
            .layers("8,M,16,M")
            .batchNorm(true)
            .channels(1)
            .classes(10)
            .imageSize(16)
            .hidden(32)
            .dropout(0.2)
            .build();
    TrainingOptions options =
        new TrainingOptions(epochs, 64, 1, learningRate, LearningRateSchedule.CONSTANT, 1);
    FashionMnist data = sample();
    try (Backend backend = engine;
        Vgg vgg =
            Vgg.build(
                config,
                Initialization.PYTORCH,
                NetworkOptions.training(Trainer.batchSizes(64, IMAGES)).withSeed(1),
                backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      return trainer.fit(
          data.train().limit(IMAGES), data.test().limit(1000), new TrainingListener() {});
    }
  }

  @Test
  void reachesTheAccuracyOfTheCpuEngine() {
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
    DivergedException cuda =
        assertThrows(DivergedException.class, () -> train(CudaUnderTest.open(), 3, 1e30));
    DivergedException cpu =
        assertThrows(DivergedException.class, () -> train(Backends.open("cpu").backend(), 3, 1e30));
    assertEquals(cpu.step(), cuda.step());
    assertEquals(cpu.epoch(), cuda.epoch());
  }
}
