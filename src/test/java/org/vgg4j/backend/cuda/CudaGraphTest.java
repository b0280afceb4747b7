package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Precision;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Snapshot;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/** Steps as CUDA graphs have the bits of steps call by call, whatever happens in between. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaGraphTest {
  private static final int BATCH = 4;
  private static final int IMAGES = 22; // the last batch has two
  private static final int SIZE = 6;
  private static final int EPOCHS = 2;

  private static List<String> callByCall; // what failures must not change, null before it is known
  private String function; // whose calls are counted until a part ends, null for none
  private long counted;

  @AfterEach
  void runsInOrderAgain() {
    assertEquals(0, StandIn.pageableCopies());
  }

  private UpdateOptions updates = UpdateOptions.NONE;

  private static CudaOptions options(Precision precision, Activations activations, String form) {
    CudaOptions options =
        new CudaOptions(
            0,
            List.of(),
            16L << 20,
            precision,
            true,
            form == null ? Map.of() : Map.of("step graph", form),
            activations,
            true,
            3,
            null);
    return options.withGraph(form != null);
  }

  private static ImageSource data() {
    byte[] pixels = new byte[IMAGES * SIZE * SIZE];
    int[] labels = new int[IMAGES];
    long key = CounterRandom.key(5, 5, 5);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i % 3;
    }
    return new InMemoryImages(
        "random", new ImageShape(1, SIZE, SIZE), List.of("a", "b", "c"), pixels, labels);
  }

  /**
   * Trains to the end and returns all that came of it, in bits.
   *
   * @param stops steps after which the training goes on in another process, so to say
   */
  private List<String> train(
      CudaOptions options, Optimizer optimizer, int accumulate, long... stops) {
    Snapshot last = null;
    for (long stop : stops) {
      last = part(options, optimizer, accumulate, last, stop);
    }
    last = part(options, optimizer, accumulate, last, -1);
    List<String> all = new ArrayList<>(List.of(last.state().step() + " steps"));
    for (EpochMetrics epoch : last.state().finished()) {
      all.add(epoch.trainLoss() + " " + epoch.trainAccuracy() + " " + epoch.testAccuracy());
    }
    for (List<SafeTensor> tensors : List.of(last.model(), last.optimizer())) {
      for (SafeTensor tensor : tensors) {
        CRC32C crc = new CRC32C();
        crc.update(tensor.source().get());
        all.add(tensor.spec().name() + " " + crc.getValue());
      }
    }
    return all;
  }

  private Snapshot part(
      CudaOptions options, Optimizer optimizer, int accumulate, Snapshot from, long stop) {
    VggConfig config =
        VggConfig.builder()
            .layers("3,4,M,5,M")
            .batchNorm(true)
            .channels(1)
            .classes(3)
            .imageSize(8)
            .hidden(5)
            .dropout(0.3)
            .build();
    TrainingOptions training =
        new TrainingOptions(EPOCHS, BATCH, accumulate, 1e-2, LearningRateSchedule.CONSTANT, 1)
            .withUpdates(updates);
    try (CudaBackend backend = CudaUnderTest.open(options);
        Vgg vgg =
            Vgg.build(
                config,
                Initialization.PYTORCH,
                NetworkOptions.training(Trainer.batchSizes(BATCH, IMAGES))
                    .withFrozen(updates.frozen())
                    .withSeed(1),
                backend);
        Trainer trainer = new Trainer(vgg, optimizer, training)) {
      if (from != null) {
        trainer.restore(from);
      }
      TrainingListener stopper =
          new TrainingListener() {
            @Override
            public void stepDone(long step) {
              if (step == stop) {
                counted = function == null ? 0 : StandIn.calls(function);
                trainer.stop();
              }
            }
          };
      trainer.fit(data(), data().limit(3), stopper);
      return trainer.capture();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FP32, KEEP, 1, 2",
    "FP32, KEEP, 5, 3", // the last step has one pass
    "FP32, RECOMPUTE, 2, 3",
    "BF16, KEEP, 2, 3",
    "BF16, RECOMPUTE, 1, 2",
    "TF32, KEEP, 3, 3"
  })
  void sameBitsCallByCall(
      Precision precision, Activations activations, int accumulate, int kindsOfPasses) {
    List<String> expected = train(options(precision, activations, null), new Adam(), accumulate);
    assertEquals(0, StandIn.calls("cudaStreamBeginCapture"));
    for (String form : List.of("serial", "branched")) {
      StandIn.reset();
      CudaOptions options = options(precision, activations, form);
      assertEquals(expected, train(options, new Adam(), accumulate), form);
      // Every kind of pass at both batch sizes runs call by call once.
      assertEquals(kindsOfPasses, StandIn.calls("cudaStreamBeginCapture"), form);
      assertEquals(EPOCHS * 6 - kindsOfPasses, StandIn.calls("cudaGraphLaunch"), form);
    }
  }

  /** The graphs of a resumed training are other ones, at other addresses. */
  @ParameterizedTest
  @CsvSource({"FP32, KEEP, 1, 8", "BF16, RECOMPUTE, 2, 5"})
  void sameBitsAfterAResumeWithinAnEpoch(
      Precision precision, Activations activations, int accumulate, long stop) {
    List<String> expected = train(options(precision, activations, null), new Adam(), accumulate);
    for (String form : List.of("serial", "branched")) {
      CudaOptions options = options(precision, activations, form);
      assertEquals(expected, train(options, new Adam(), accumulate, 1, stop), form);
    }
  }

  /** Clipped, averaged, at another rate of the last layer, with a frozen layer. */
  @ParameterizedTest
  @CsvSource({
    "FP32, KEEP, 1, 0.5, 0.9, ''",
    "BF16, RECOMPUTE, 2, 0.5, 0.9, features.0",
    "BF16, KEEP, 1, 0, 0.9, features.3",
    "FP32, KEEP, 1, 0, 0.9, 'features.0,features.3'"
  })
  void sameBitsOfOtherUpdates(
      Precision precision,
      Activations activations,
      int accumulate,
      double clip,
      double ema,
      String frozen) {
    updates =
        new UpdateOptions(
            clip, ema, 1e-3, frozen.isEmpty() ? List.of() : List.of(frozen.split(",")));
    List<String> expected = train(options(precision, activations, null), new Adam(), accumulate);
    for (String form : List.of("serial", "branched")) {
      StandIn.shuffle(7);
      CudaOptions options = options(precision, activations, form);
      assertEquals(expected, train(options, new Adam(), accumulate, 3), form);
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "0.9"})
  void sgdByParts(double momentum) {
    Optimizer sgd = new Sgd(momentum);
    List<String> expected = train(options(Precision.BF16, Activations.KEEP, null), sgd, 1);
    assertEquals(expected, train(options(Precision.BF16, Activations.KEEP, "branched"), sgd, 1));
  }

  /** What no event orders runs in random orders: a missing wait or a shared place would show. */
  @ParameterizedTest
  @CsvSource({"FP32, RECOMPUTE, 1", "BF16, KEEP, 1", "BF16, RECOMPUTE, 2"})
  void nothingIsLeftUnordered(Precision precision, Activations activations, int accumulate) {
    List<String> expected = train(options(precision, activations, null), new Adam(), accumulate);
    for (String form : List.of("serial", "branched")) {
      for (long seed = 1; seed <= 2; seed++) {
        StandIn.shuffle(seed);
        CudaOptions options = options(precision, activations, form);
        assertEquals(expected, train(options, new Adam(), accumulate), form + ", seed " + seed);
      }
    }
  }

  /** What cannot be captured runs call by call, in the first step as in those after it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cudaStreamBeginCapture@1=900",
        "cudaStreamEndCapture@1=901",
        "cudaGraphInstantiate@1=801",
        "cudaGraphInstantiate@1=2",
        "cudaGraphUpload@1=1",
        "cudaGraphUpload@1=2",
        "cudaGraphUpload@2=2",
        "cudaStreamBeginCapture@2=900",
        "cudnnBackendExecute@CAPTURED=3000",
        "cudnnBackendExecute@CAPTURED=5000",
        "cublasLtMatmul@CAPTURED=13",
        "cudaLaunchKernel@CAPTURED=9",
        "cudaStreamWaitEvent@CAPTURED=905"
      })
  void failuresOfACapture(String fault) {
    CudaOptions plain = options(Precision.FP32, Activations.KEEP, null);
    if (callByCall == null) {
      callByCall = train(plain, new Adam(), 1);
    }
    function = fault.substring(0, fault.indexOf('@'));
    StandIn.reset();
    part(plain, new Adam(), 1, null, 1);
    long first = counted + 1; // of the second run of a pass, which is the capture
    boolean forks = function.equals("cudaStreamWaitEvent"); // a capture of one line never waits
    for (String form : forks ? List.of("branched") : List.of("serial", "branched")) {
      StandIn.reset();
      StandIn.faults(fault.replace("CAPTURED", Long.toString(first)));
      assertEquals(
          callByCall, train(options(Precision.FP32, Activations.KEEP, form), new Adam(), 1));
    }
    StandIn.reset();
  }

  /** Both forms take turns until their times are there; then one is left, and kept with the run. */
  @Test
  void theFasterFormIsChosenByTiming() {
    CudaOptions options = CudaUnderTest.measuring(Precision.TF32, Activations.KEEP, Map.of(), null);
    try (CudaBackend backend = CudaUnderTest.open(options);
        TinyTraining training = new TinyTraining(backend)) {
      for (int i = 0; i < 11; i++) {
        training.step();
        assertFalse(backend.choices().containsKey("step graph"));
      }
      assertEquals(2, StandIn.live().get("executable graphs"));
      training.totals();
      training.step();
      training.step();
      assertTrue(Set.of("serial", "branched").contains(backend.choices().get("step graph")));
      assertEquals(1, StandIn.live().get("executable graphs"));
      long streams = StandIn.live().get("streams");
      assertEquals(backend.choices().get("step graph").equals("serial") ? 2 : 4, streams);
      assertEquals(13L * TinyTraining.BATCH, training.totals().count());
    }
  }

  @Test
  void aChoiceIsKept() {
    for (String form : List.of("serial", "branched")) {
      CudaOptions options = options(Precision.FP32, Activations.KEEP, form);
      try (CudaBackend backend = CudaUnderTest.open(options)) {
        assertEquals(form, backend.choices().get("step graph"));
      }
    }
    try (CudaBackend backend =
        CudaUnderTest.open(CudaUnderTest.deterministic(Precision.FP32, Activations.KEEP))) {
      assertEquals("serial", backend.choices().get("step graph"));
    }
  }
}
