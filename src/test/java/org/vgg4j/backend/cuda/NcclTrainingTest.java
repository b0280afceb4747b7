package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.testing.TinyNets;
import org.vgg4j.train.DataParallel;
import org.vgg4j.train.ProfileRequest;
import org.vgg4j.train.ReductionTime;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/** Two GPUs train what one does, their sums recorded with the steps. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class NcclTrainingTest {
  private static final int BATCH = 8;
  private static final int IMAGES = 32;
  private static final int EPOCHS = 2;
  private static final int STEPS = EPOCHS * IMAGES / BATCH;

  /** Some pieces in each step. */
  private static final int BUCKET = 400;

  /** Of a tensor's largest value: roundings of single precision, over a few steps. */
  private static final double TOLERANCE = 1e-4;

  @BeforeEach
  void twoGpus() {
    StandIn.devices(2);
  }

  private static CudaOptions options(String form) {
    CudaOptions options =
        new CudaOptions(
            0,
            List.of(),
            16L << 20,
            Precision.FP32,
            true,
            form.equals("none") ? Map.of() : Map.of("step graph", form),
            Activations.AUTO,
            true,
            3,
            null);
    return options.withGraph(!form.equals("none"));
  }

  private static Map<String, double[]> train(
      CudaBackend backend, Collective rank, boolean batchNorm) {
    return train(backend, rank, batchNorm, trainer -> {});
  }

  private static Map<String, double[]> train(
      CudaBackend backend, Collective rank, boolean batchNorm, Consumer<Trainer> before) {
    ImageSource data = TinyNets.noise(IMAGES, 3);
    Integer[] sizes = Trainer.batchSizes(BATCH, IMAGES, 1, new Shard(rank.rank(), rank.world()));
    TrainingOptions training =
        new TrainingOptions(EPOCHS, BATCH, 1, 1e-2, LearningRateSchedule.CONSTANT, 3);
    try (Vgg vgg =
            Vgg.build(
                TinyNets.config("3,M,4,M", batchNorm, 3, 0.4),
                Initialization.PYTORCH,
                NetworkOptions.training(sizes).withSeed(7),
                backend);
        Trainer trainer =
            new Trainer(
                vgg, new Sgd(new SgdSpec(0.9, 1e-3)), training, new DataParallel(rank, BUCKET))) {
      before.accept(trainer);
      trainer.fit(data, data.limit(7), new TrainingListener() {});
      assertEquals(STEPS, trainer.step());
      return TinyNets.state(vgg);
    }
  }

  /** Profiled steps measure their sums by the device's clock, and compute the same. */
  @Test
  void aProfileSaysWhatTheSumsTook() {
    List<Map<String, double[]>> plain =
        Ranks.of(2)
            .on(options("serial"))
            .results((backend, collective) -> train(backend, collective, false));
    List<Map<String, double[]>> profiled =
        Ranks.of(2)
            .on(options("serial"))
            .results((backend, collective) -> profile(backend, collective));
    plain.get(0).forEach((name, all) -> assertArrayEquals(all, profiled.get(0).get(name), name));
  }

  private static Map<String, double[]> profile(CudaBackend backend, Collective rank) {
    List<ReductionTime> times = new ArrayList<>();
    Map<String, double[]> state =
        train(
            backend,
            rank,
            false,
            trainer ->
                trainer.profile(
                    new ProfileRequest(
                        1,
                        3,
                        BATCH,
                        (first, last, steps) -> times.addAll(trainer.reductionTimes()))));
    assertEquals(3, times.size());
    for (ReductionTime time : times) {
      assertTrue(time.millis() > 0, time::toString);
      assertTrue(time.waitMillis() >= 0 && time.waitMillis() <= time.millis(), time::toString);
    }
    return state;
  }

  @ParameterizedTest
  @CsvSource({"serial, false", "branched, false", "none, false", "branched, true"})
  void twoGpusAreOne(String form, boolean batchNorm) {
    List<Map<String, double[]>> all =
        Ranks.of(2)
            .on(options(form))
            .results((backend, collective) -> train(backend, collective, batchNorm));
    long launches = StandIn.calls("cudaGraphLaunch");
    assertEquals(form.equals("none") ? 0 : 2 * (STEPS - 1), launches);
    assertTrue(StandIn.calls("ncclAllReduce") > 4, "sums in several pieces");
    all.get(0).forEach((name, values) -> assertArrayEquals(values, all.get(1).get(name), name));
    if (batchNorm) {
      return; // its statistics are each rank's own
    }
    try (CudaBackend alone = CudaUnderTest.open(options(form))) {
      train(alone, Collective.alone(), false)
          .forEach(
              (name, values) -> {
                double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
                assertArrayEquals(values, all.get(0).get(name), TOLERANCE * largest, name);
              });
    }
  }
}
