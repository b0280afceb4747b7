package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/** The loss comes to the host beside the training, which never waits for it within an epoch. */
@OnStandIn
final class CudaLossReadTest {
  private static final int STEPS = 45;
  private static final int BATCH = 4;
  private static final int SIZE = 6;

  @BeforeAll
  static void requireStandIn() {
    StandIn.require();
  }

  /** What was heard of the loss, and after which step. */
  private record Heard(int step, int images, double meanLoss, long stepsDone) {}

  private static final class Listener implements TrainingListener {
    private final List<Heard> heard = new ArrayList<>();
    private long stepsDone;
    private long waitsInEpoch;

    @Override
    public void stepDone(long step) {
      stepsDone = step;
      if (step == 1) {
        StandIn.reset();
      } else if (step == STEPS - 1) {
        waitsInEpoch = StandIn.calls("cudaStreamSynchronize");
      }
    }

    @Override
    public void stepFinished(int epoch, int step, int images, double meanLoss) {
      heard.add(new Heard(step, images, meanLoss, stepsDone));
    }
  }

  private static ImageSource data() {
    byte[] pixels = new byte[STEPS * BATCH * SIZE * SIZE];
    int[] labels = new int[STEPS * BATCH];
    long key = CounterRandom.key(5, 5, 5);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i % 2;
    }
    return new InMemoryImages(
        "random", new ImageShape(1, SIZE, SIZE), List.of("a", "b"), pixels, labels);
  }

  /** Trains one epoch, or its first {@code steps} steps; returns the totals at the end. */
  private static LossTotals train(int steps, int readInterval, Listener listener) {
    VggConfig config =
        VggConfig.builder().layers("2,M").channels(1).classes(2).imageSize(8).hidden(3).build();
    TrainingOptions options = new TrainingOptions(1, BATCH, 1e-3, LearningRateSchedule.CONSTANT, 1);
    CudaOptions strict = CudaOptions.STRICT;
    CudaOptions engine =
        new CudaOptions(
            0,
            strict.libraries(),
            strict.workspaceLimit(),
            strict.precision(),
            strict.deterministic(),
            strict.choices(),
            strict.activations(),
            strict.graph(),
            readInterval,
            strict.cache());
    try (CudaBackend backend = CudaUnderTest.open(engine);
        Vgg vgg =
            Vgg.build(
                config,
                Initialization.PYTORCH,
                NetworkOptions.training(BATCH).withSeed(1),
                backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      TrainingListener stop =
          new TrainingListener() {
            @Override
            public void stepDone(long step) {
              if (step == steps) {
                trainer.stop();
              }
            }
          };
      trainer.fit(data(), data().limit(BATCH), TrainingListener.all(listener, stop));
      return trainer.state().totals();
    }
  }

  @Test
  void lossIsReadBesideTheSteps() {
    Listener listener = new Listener();
    train(STEPS, 20, listener);
    List<Heard> heard = listener.heard;
    assertEquals(List.of(20, 40, STEPS), heard.stream().map(Heard::step).toList());
    for (Heard each : heard) {
      assertEquals(each.step() * BATCH, each.images());
    }
    // The steps after the read began went on meanwhile.
    assertTrue(heard.get(0).stepsDone() >= 20, () -> heard.get(0).toString());
    assertEquals(0, listener.waitsInEpoch, "waits for the GPU within an epoch");
    // It is the loss at that step, not at the step where it was heard of.
    assertEquals(train(20, 20, new Listener()).meanLoss(), heard.get(0).meanLoss());
  }

  @Test
  void anotherInterval() {
    Listener listener = new Listener();
    train(STEPS, 7, listener);
    assertEquals(
        List.of(7, 14, 21, 28, 35, 42, STEPS), listener.heard.stream().map(Heard::step).toList());
  }
}
