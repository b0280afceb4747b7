package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.LeavesNothing;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.MixedImages;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.DataFeed;
import org.vgg4j.evaluation.DataOn;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.evaluation.ImagePlace;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.testing.TinyNets;

/** Where the images lie on the GPU engine, and that it makes no difference to the results. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaDataPlaceTest {
  private static final ImageSource TRAIN = TinyNets.noise(22, 3); // batches of 4, the last of 2
  private static final ImageSource TEST = TinyNets.noise(11, 3);
  private static final Preprocessing PREPROCESSING = Preprocessing.of(1, 8);

  /** What a training gave, and what it was told of the images. */
  private static final class Heard implements TrainingListener {
    private final List<double[]> weights = new ArrayList<>();
    private final List<EpochMetrics> metrics = new ArrayList<>();
    private final List<Double> losses = new ArrayList<>();
    private final List<ImagePlace> places = new ArrayList<>();
    private Vgg vgg;
    private Runnable afterStep = () -> {};

    @Override
    public void dataPlaced(ImagePlace train, ImagePlace test) {
      places.add(train);
      places.add(test);
    }

    @Override
    public void stepDone(long step) {
      TinyNets.state(vgg).values().forEach(weights::add);
      afterStep.run();
    }

    @Override
    public void stepFinished(int epoch, int step, int images, double meanLoss) {
      losses.add(meanLoss);
    }

    @Override
    public void epochFinished(EpochMetrics epoch) {
      metrics.add(epoch.timeless());
    }

    void requireSame(Heard other) {
      assertEquals(weights.size(), other.weights.size());
      for (int i = 0; i < weights.size(); i++) {
        assertArrayEquals(weights.get(i), other.weights.get(i));
      }
      assertEquals(metrics, other.metrics);
      assertEquals(losses, other.losses);
    }
  }

  private static Vgg vgg(CudaBackend backend) {
    return Vgg.build(
        TinyNets.config("4,M,6,M", true, 3, 0.3),
        Initialization.PYTORCH,
        NetworkOptions.training(Trainer.batchSizes(4, 22)).withSeed(3),
        backend);
  }

  private static TrainingOptions options(int accumulate) {
    return new TrainingOptions(2, 4, accumulate, 1e-2, LearningRateSchedule.LINEAR, 3);
  }

  private static CudaBackend open(Precision precision) {
    return CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.KEEP));
  }

  private static Heard train(Precision precision, int accumulate, DataOn where) {
    Heard heard = new Heard();
    try (CudaBackend backend = open(precision);
        Vgg vgg = vgg(backend);
        Trainer trainer = new Trainer(vgg, PREPROCESSING, new Adam(), options(accumulate), where)) {
      heard.vgg = vgg;
      trainer.fit(TRAIN, TEST, heard);
    }
    return heard;
  }

  @ParameterizedTest
  @CsvSource({"FP32, 1", "FP32, 4", "BF16, 1"})
  void theBitsAreTheSameWhereverTheImagesLie(Precision precision, int accumulate) {
    Heard onHost = train(precision, accumulate, DataOn.HOST);
    Heard onDevice = train(precision, accumulate, DataOn.DEVICE);
    Heard auto = train(precision, accumulate, DataOn.AUTO);
    assertEquals(2, onHost.metrics.size());
    onHost.requireSame(onDevice);
    onHost.requireSame(auto);
    assertEquals(new ImagePlace(0, "as asked for"), onHost.places.get(0));
    assertEquals(new ImagePlace(2 * (22 * 64 + 128), null), onDevice.places.get(0));
    assertEquals(new ImagePlace(2 * (11 * 64 + 64), null), onDevice.places.get(1));
    assertEquals(onDevice.places, auto.places);
  }

  /** From the middle of an epoch, and from the other place. */
  @Test
  void aTrainingGoesOnInTheMiddleOfAnEpochFromTheOtherPlace() {
    Heard whole = train(Precision.FP32, 1, DataOn.HOST);
    for (DataOn first : List.of(DataOn.HOST, DataOn.DEVICE)) {
      Heard heard = new Heard();
      Snapshot middle;
      try (CudaBackend backend = open(Precision.FP32);
          Vgg vgg = vgg(backend);
          Trainer trainer = new Trainer(vgg, PREPROCESSING, new Adam(), options(1), first)) {
        heard.vgg = vgg;
        heard.afterStep = trainer::stop; // in the first epoch
        trainer.fit(TRAIN, TEST, heard);
        middle = trainer.capture();
      }
      DataOn second = first == DataOn.HOST ? DataOn.DEVICE : DataOn.HOST;
      try (CudaBackend backend = open(Precision.FP32);
          Vgg vgg = vgg(backend);
          Trainer trainer = new Trainer(vgg, PREPROCESSING, new Adam(), options(1), second)) {
        heard.vgg = vgg;
        heard.afterStep = () -> {};
        trainer.restore(middle);
        trainer.fit(TRAIN, TEST, heard);
      }
      whole.requireSame(heard);
    }
  }

  /** Evaluations between the steps of an epoch change neither its steps nor its totals. */
  @Test
  void anEvaluationBetweenStepsDisturbsNothing() {
    Heard whole = train(Precision.FP32, 1, DataOn.DEVICE);
    Heard heard = new Heard();
    try (CudaBackend backend = open(Precision.FP32);
        Vgg vgg = vgg(backend);
        DataFeed other = new DataFeed(vgg, PREPROCESSING, TEST, DataOn.DEVICE);
        Trainer trainer = new Trainer(vgg, PREPROCESSING, new Adam(), options(1), DataOn.DEVICE)) {
      heard.vgg = vgg;
      heard.afterStep =
          () -> {
            TrainingState before = trainer.state();
            assertEquals(11, Evaluator.totals(vgg, other, () -> false).count());
            assertEquals(11, Evaluator.evaluate(vgg, PREPROCESSING, TEST).count());
            assertEquals(before.totals(), trainer.state().totals());
          };
      trainer.fit(TRAIN, TEST, heard);
    }
    whole.requireSame(heard);
  }

  /** The second fit takes other images; a third the same ones, which stay where they are. */
  @Test
  void otherImagesTakeThePlaceOfTheFirst() {
    Heard heard = new Heard();
    try (CudaBackend backend = open(Precision.FP32);
        Vgg vgg = vgg(backend);
        Trainer trainer =
            new Trainer(
                vgg,
                PREPROCESSING,
                new Adam(),
                new TrainingOptions(9, 4, 1e-2, LearningRateSchedule.CONSTANT, 3),
                DataOn.AUTO)) {
      heard.vgg = vgg;
      Snapshot start = trainer.capture();
      heard.afterStep = trainer::stop;
      trainer.fit(TinyNets.noise(22, 3).limit(22), TEST, heard);
      trainer.restore(start);
      trainer.fit(TRAIN, TEST, heard);
      assertEquals(4, heard.places.size());
      trainer.fit(TRAIN, TEST, heard);
      assertEquals(4, heard.places.size());
    }
  }

  /** The same sums as from logits that the host reads. */
  @ParameterizedTest
  @CsvSource({"FP32", "BF16"})
  void theTotalsAreThoseOfTheLogits(Precision precision) {
    try (CudaBackend backend = open(precision);
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("4,M,6,M", true, 3, 0.3), NetworkOptions.inference(4), backend)) {
      var expected = Evaluator.evaluate(vgg, PREPROCESSING, TEST);
      for (DataOn where : DataOn.values()) {
        try (DataFeed feed = new DataFeed(vgg, PREPROCESSING, TEST, where)) {
          var actual = Evaluator.totals(vgg, feed, () -> false);
          assertEquals(expected.count(), actual.count());
          assertEquals(expected.accuracy(), actual.accuracy());
          // Sums of 11 losses in double, in another order.
          assertEquals(expected.meanLoss(), actual.meanLoss(), 11 * 0x1p-52 * expected.meanLoss());
          int[] asked = new int[1];
          assertNull(Evaluator.totals(vgg, feed, () -> ++asked[0] == 2));
          assertEquals(2, asked[0]);
        }
      }
    }
  }

  @Test
  void aStepUploadsItsStateAloneAndDoesNotWait() {
    long[] calls = new long[2];
    int[] steps = new int[1];
    try (CudaBackend backend = open(Precision.FP32);
        Vgg vgg = vgg(backend);
        Trainer trainer = new Trainer(vgg, PREPROCESSING, new Adam(), options(1), DataOn.DEVICE)) {
      trainer.fit(
          TRAIN,
          TEST,
          new TrainingListener() {
            @Override
            public void stepDone(long step) {
              if (++steps[0] == 2) {
                StandIn.reset();
              } else if (steps[0] == 5) {
                calls[0] = StandIn.calls("cudaMemcpyAsync");
                calls[1] = StandIn.calls("cudaStreamSynchronize");
              }
            }
          });
    }
    assertEquals(3, calls[0]); // of three steps
    assertEquals(0, calls[1]);
  }

  /** However many batches there are. */
  @ParameterizedTest
  @CsvSource({"HOST", "DEVICE"})
  void anEvaluationDoesNotWaitForItsBatches(DataOn where) {
    List<Long> waits = new ArrayList<>();
    try (CudaBackend backend = open(Precision.FP32);
        Vgg vgg = vgg(backend)) {
      for (int images : new int[] {4, 11, 44}) {
        try (DataFeed feed = new DataFeed(vgg, PREPROCESSING, TinyNets.noise(images, 3), where)) {
          StandIn.reset();
          assertEquals(images, Evaluator.totals(vgg, feed, () -> false).count());
          waits.add(StandIn.calls("cudaStreamSynchronize"));
        }
      }
    }
    assertEquals(List.of(waits.get(0), waits.get(0), waits.get(0)), waits);
  }

  @Test
  void imagesThatDoNotFitStayOnTheHost() {
    long reserve = 512L << 20;
    ImageSource large = TinyNets.noise(80_000, 3); // 5.1 MB, and as much of the table
    try (CudaBackend backend = open(Precision.FP32);
        Vgg vgg =
            Vgg.build(
                TinyNets.config("4,M", true, 3, 0.3),
                Initialization.PYTORCH,
                NetworkOptions.training(Trainer.batchSizes(40_000, 80_000)),
                backend)) {
      StandIn.capacity(reserve + used(backend) + (8L << 20));
      try (DataFeed host = new DataFeed(vgg, PREPROCESSING, large, DataOn.AUTO)) {
        String reason = host.place().reason();
        assertTrue(
            reason.matches("the images of noise need 10\\.2 MB, and \\d\\.\\d MB of .*"), reason);
      }
      InvalidInputException refused =
          assertThrows(
              InvalidInputException.class,
              () -> new DataFeed(vgg, PREPROCESSING, large, DataOn.DEVICE));
      assertTrue(
          refused
              .getMessage()
              .startsWith("dataOn cannot be device: the images of noise need 10.2"));
      try (DataFeed small = new DataFeed(vgg, PREPROCESSING, TEST, DataOn.AUTO)) {
        assertTrue(small.place().isOnDevice());
      }
      Map<String, Long> before = StandIn.live();
      StandIn.reset();
      StandIn.faults("cudaMalloc@1=2"); // taken by others since the look at what is free
      try (DataFeed late = new DataFeed(vgg, PREPROCESSING, TEST, DataOn.AUTO)) {
        assertTrue(late.place().reason().contains("not enough memory"), late.place().reason());
      }
      assertEquals(before.get("allocations"), StandIn.live().get("allocations"));
    }
  }

  private static long used(CudaBackend backend) {
    return StandIn.BYTES - (512L << 20) - backend.availableBytes();
  }

  @Test
  void imagesOfUnknownShapesStayOnTheHost() {
    ImageSource unknown = new MixedImages(11, false);
    try (CudaBackend backend = open(Precision.FP32);
        Vgg vgg =
            TinyNets.random(
                VggConfig.builder()
                    .layers("4,M")
                    .channels(3)
                    .classes(3)
                    .imageSize(8)
                    .hidden(5)
                    .build(),
                NetworkOptions.inference(4),
                backend)) {
      Preprocessing three = Preprocessing.of(3, 8);
      try (DataFeed feed = new DataFeed(vgg, three, unknown, DataOn.AUTO)) {
        assertEquals(
            "the images of mixed have sizes that are known only when they are read",
            feed.place().reason());
      }
      assertThrows(
          InvalidInputException.class, () -> new DataFeed(vgg, three, unknown, DataOn.DEVICE));
    }
  }
}
