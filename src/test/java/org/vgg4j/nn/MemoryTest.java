package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.testing.TinyNets;

class MemoryTest {
  private static final VggConfig DEEP = TinyNets.config("8,8,M,16,16,M,16,16,M", true, 3, 0.5);

  /** An engine that remembers what was taken, and refuses the n-th request. */
  private static final class Recorder {
    final List<Arena> taken = new ArrayList<>();
    final Backend backend;

    Recorder(Backend engine, int refused) {
      backend =
          (Backend)
              Proxy.newProxyInstance(
                  Backend.class.getClassLoader(),
                  new Class<?>[] {Backend.class},
                  (proxy, method, arguments) -> {
                    if (method.getName().equals("allocate") && taken.size() == refused) {
                      throw new OutOfDeviceMemoryException("a test", (long) arguments[0], 0);
                    }
                    try {
                      Object result = method.invoke(engine, arguments);
                      if (result instanceof Arena arena) {
                        taken.add(arena);
                      }
                      return result;
                    } catch (InvocationTargetException e) {
                      throw e.getCause();
                    }
                  });
    }

    long bytes() {
      return taken.stream().mapToLong(Arena::bytes).sum();
    }
  }

  @ParameterizedTest
  @CsvSource({"reference, false", "reference, true", "cpu, false", "cpu, true"})
  void theWaysTakeWhatTheySay(String device, boolean norms) {
    NetworkOptions options =
        NetworkOptions.training(6, 2).withRecomputation(new Recomputation(norms, List.of()));
    List<MemoryWay> ways;
    try (Backend engine = Backends.open(device).backend();
        NetworkPlan plan = Vgg.plan(DEEP, Initialization.PAPER, options, engine)) {
      ways = plan.ways();
    }
    assertTrue(ways.size() > 1, () -> ways.size() + " ways");
    for (MemoryWay way : ways) {
      try (Backend engine = Backends.open(device).backend()) {
        Recorder recorder = new Recorder(engine, -1);
        NetworkOptions chosen = options.withRecomputation(way.recomputation());
        try (Vgg vgg = Vgg.build(DEEP, Initialization.PAPER, chosen, recorder.backend);
            var optimizer = new Adam().attach(vgg.network())) {
          assertEquals(way.plan().totalBytes(2) - way.plan().workspace(), recorder.bytes());
          assertEquals(2 * vgg.network().parameters().size(), optimizer.states().size());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"reference, true", "reference, false", "cpu, true", "cpu, false"})
  void whatIsTakenIsWhatWasPlanned(String device, boolean training) {
    NetworkOptions options = new NetworkOptions(List.of(6, 2), training, 0, false, true, 0);
    try (Backend engine = Backends.open(device).backend()) {
      Recorder recorder = new Recorder(engine, -1);
      try (NetworkPlan plan =
          Vgg.plan(NetworkTest.SMALL, Initialization.PAPER, options, recorder.backend)) {
        assertEquals(0, recorder.bytes());
        MemoryPlan memory = plan.memoryPlan();
        try (Network net = plan.allocate()) {
          assertEquals(memory.totalBytes(0) - memory.workspace(), recorder.bytes());
          if (training) {
            assertEquals(memory.parameters(), memory.gradients());
            long rows = memory.stages().stream().mapToLong(Stage::activationBytes).sum();
            assertEquals(memory.activations(), rows);
            try (var optimizer = new Adam().attach(net)) {
              assertEquals(memory.totalBytes(2) - memory.workspace(), recorder.bytes());
              assertEquals(2 * net.parameters().size(), optimizer.states().size());
            }
          } else {
            assertEquals(0, memory.gradients() + memory.activationGradients());
          }
        }
      }
    }
  }

  @Test
  void multiplyAddsOfALayer() {
    try (Backend backend = new ReferenceBackend();
        NetworkPlan plan =
            Vgg.plan(
                NetworkTest.SMALL, Initialization.PAPER, NetworkOptions.training(6), backend)) {
      List<Stage> layers = plan.memoryPlan().stages();
      assertEquals(6L * 5 * 8 * 8 * 2 * 9, layers.get(0).multiplyAdds());
      assertEquals(Shape.of(6, 5, 4, 4), layers.get(0).output());
      assertEquals("ConvBlock", layers.get(0).type());
      Stage last = layers.get(layers.size() - 1);
      assertEquals(6L * 11 * 3, last.multiplyAdds());
      assertEquals(11 * 3 + 3, last.parameterCount());
    }
  }

  @Test
  void inferenceTakesLessThanTraining() {
    try (Backend backend = new ReferenceBackend();
        NetworkPlan training =
            Vgg.plan(NetworkTest.SMALL, Initialization.PAPER, NetworkOptions.training(6), backend);
        NetworkPlan inference =
            Vgg.plan(
                NetworkTest.SMALL, Initialization.PAPER, NetworkOptions.inference(6), backend)) {
      // Two images of 5 channels are the largest neighbours: convolution and batch norm.
      assertEquals(2 * Arena.align(6 * 5 * 8 * 8 * 8), inference.memoryPlan().activations());
      assertTrue(inference.memoryPlan().activations() < training.memoryPlan().activations());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void whenMemoryEndsNothingIsKept(int refused) {
    try (Backend engine = new ReferenceBackend()) {
      Recorder recorder = new Recorder(engine, refused);
      NetworkOptions options = NetworkOptions.training(2);
      assertThrows(
          OutOfDeviceMemoryException.class,
          () -> Vgg.build(NetworkTest.SMALL, Initialization.PAPER, options, recorder.backend));
      assertEquals(refused, recorder.taken.size());
      recorder.taken.forEach(arena -> assertThrows(IllegalStateException.class, arena::zero));
    }
  }

  @Test
  void closingReturnsEverything() {
    try (Backend engine = new ReferenceBackend()) {
      Recorder recorder = new Recorder(engine, -1);
      Vgg vgg = Vgg.build(NetworkTest.SMALL, 2, recorder.backend);
      assertEquals(6, recorder.taken.size());
      vgg.close();
      recorder.taken.forEach(arena -> assertThrows(IllegalStateException.class, arena::zero));
    }
  }

  @Test
  void tooLittleMemoryIsRefusedBeforehand() {
    try (Backend backend = new ReferenceBackend()) {
      MemoryPlan fits = new MemoryPlan(1000, 1000, 0, 0, 0, 0, 0, 0, 0, List.of());
      fits.requireFits(backend, 2);
      MemoryPlan huge = new MemoryPlan(1L << 50, 1L << 50, 0, 0, 0, 0, 0, 0, 0, List.of());
      OutOfDeviceMemoryException refusal =
          assertThrows(OutOfDeviceMemoryException.class, () -> huge.requireFits(backend, 2));
      assertEquals(3L << 50, refusal.neededBytes());
    }
  }

  @Test
  void neighboursNeverOverlap() {
    try (Backend backend = new ReferenceBackend()) {
      for (boolean training : new boolean[] {true, false}) {
        NetworkOptions options =
            training ? NetworkOptions.training(1) : NetworkOptions.inference(1);
        ActivationMemory memory = new ActivationMemory(options, 0);
        List<Slot> activations = new ArrayList<>();
        List<Slot> gradients = new ArrayList<>();
        int[] lengths = {100, 7, 300, 300, 1, 64, 33};
        for (int length : lengths) {
          Layout layout = backend.plainLayout(Shape.of(length), DType.F64);
          activations.add(memory.activation(layout));
          activations.add(memory.saved(layout));
          if (training) {
            gradients.add(memory.gradient(layout));
          } else {
            assertThrows(IllegalStateException.class, () -> memory.gradient(layout));
          }
        }
        memory.arrange(List.of());
        try (Arena kept = backend.allocate(memory.activationBytes());
            Arena passing = backend.allocate(memory.gradientBytes())) {
          memory.bind(kept, passing);
          apart(activations, training ? activations.size() : 2);
          apart(gradients, 2);
        }
      }
    }
  }

  /** Checks that of {@code window} slots in a row each keeps its own value. */
  private static void apart(List<Slot> slots, int window) {
    for (int first = 0; first + window <= slots.size(); first++) {
      for (int i = first; i < first + window; i++) {
        Values.fill(slots.get(i).tensor(), i + 1);
      }
      for (int i = first; i < first + window; i++) {
        for (double value : Values.of(slots.get(i).tensor())) {
          assertEquals(i + 1, value);
        }
      }
    }
  }
}
