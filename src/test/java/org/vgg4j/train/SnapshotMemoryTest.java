package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageSource;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.testing.TinyNets;

/** Where the copies of a training lie. */
final class SnapshotMemoryTest {
  private static final int BATCH = 4;

  private static Stream<SafeTensor> tensors(Snapshot snapshot) {
    return Stream.concat(snapshot.model().stream(), snapshot.optimizer().stream());
  }

  private static Map<String, ByteBuffer> values(Snapshot snapshot) {
    Map<String, ByteBuffer> values = new LinkedHashMap<>();
    tensors(snapshot)
        .forEach(
            t -> {
              ByteBuffer own = ByteBuffer.allocate(t.bytes().remaining()).put(t.bytes()).flip();
              assertNull(values.put(t.spec().name(), own));
            });
    return values;
  }

  @ParameterizedTest
  @CsvSource({"cpu, 0", "cpu, 0.9", "reference, 0", "reference, 0.9"})
  void aCopyTakesTheMemoryOfOneBefore(String device, double average) {
    ImageSource data = TinyNets.noise(12, 3);
    VggConfig config = TinyNets.config("3,M", true, 3, 0);
    UpdateOptions updates = UpdateOptions.NONE.withAverageDecay(average);
    TrainingOptions options =
        new TrainingOptions(1, BATCH, 3e-2, LearningRateSchedule.LINEAR, 7).withUpdates(updates);
    NetworkOptions net = NetworkOptions.training(BATCH).withSeed(7);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = Vgg.build(config, Initialization.KAIMING, net, backend);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      trainer.fit(data, data, new Copying(trainer));
    }
  }

  /** Copies after the first step, and twice after the second. */
  private static final class Copying implements TrainingListener {
    private final Trainer trainer;
    private Snapshot old;

    Copying(Trainer trainer) {
      this.trainer = trainer;
    }

    @Override
    public void stepDone(long step) {
      if (step == 1) {
        old = trainer.capture();
      } else if (step == 2) {
        Map<String, ByteBuffer> before = values(old);
        Map<String, ByteBuffer> expected = values(trainer.capture());
        assertNotEquals(before, expected);
        Snapshot over = trainer.capture(true, old);
        assertEquals(expected, values(over));
        assertSame(array(old, "features.0.weight"), array(over, "features.0.weight"));
        for (SafeTensor tensor : over.optimizer()) {
          String name = tensor.spec().name();
          assertSame(array(old, name), array(over, name), name);
        }
      }
    }

    private static byte[] array(Snapshot snapshot, String name) {
      return tensors(snapshot)
          .filter(t -> t.spec().name().equals(name))
          .findFirst()
          .orElseThrow()
          .bytes()
          .array();
    }
  }
}
