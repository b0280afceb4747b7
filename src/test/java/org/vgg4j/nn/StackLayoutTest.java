package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;

/** Forwards and backwards of random nets, in which nothing is overwritten that is still read. */
final class StackLayoutTest {
  private static final int NETS = 60;

  /** A stage, whose first gradient is that of its input. */
  private record Planned(List<Slot> kept, List<Slot> passing, List<Slot> gradients) {}

  private final Map<Slot, Double> values = new HashMap<>();
  private final List<Planned> stages = new ArrayList<>();
  private Random random;
  private double next = 1;

  private void write(Slot slot) {
    next++;
    values.put(slot, next);
    Values.fill(slot.tensor(), next);
  }

  private void check(List<Slot> slots, String what) {
    for (Slot slot : slots) {
      for (double value : Values.of(slot.tensor())) {
        assertEquals(values.get(slot), value, what);
      }
    }
  }

  private Layout layout(Backend backend, int side) {
    return backend.plainLayout(Shape.of(1, 1 + random.nextInt(9), side, side), DType.F64);
  }

  private ActivationMemory plan(Backend backend, NetworkOptions options) {
    ActivationMemory memory = new ActivationMemory(options, 0);
    int side = 16;
    Layout x = layout(backend, side);
    for (int s = 0; s < 3 + random.nextInt(7); s++) {
      List<Slot> kept = new ArrayList<>();
      List<Slot> passing = new ArrayList<>();
      List<Slot> gradients = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(3); i++) {
        gradients.add(memory.gradient(i == 0 ? x : layout(backend, side)));
      }
      kept.add(memory.saved(layout(backend, side)));
      if (random.nextBoolean()) {
        passing.add(memory.passing(layout(backend, side)));
      }
      side = side > 2 && random.nextInt(3) == 0 ? side / 2 : side;
      Layout y = layout(backend, side);
      kept.add(memory.activation(y));
      memory.stageDone(x, y, 1);
      stages.add(new Planned(kept, passing, gradients));
      x = y;
    }
    stages.add(new Planned(List.of(), List.of(), List.of(memory.gradient(x))));
    return memory;
  }

  private int last() {
    return stages.size() - 2; // the last of all is the gradient of the output
  }

  /** What passes is read until the next stage has begun to write. */
  private void forward(int first, int end) {
    for (int s = first; s <= end; s++) {
      stages.get(s).kept().forEach(this::write);
      if (s > first) {
        check(stages.get(s - 1).passing(), "passing from stage " + (s - 1));
      }
      stages.get(s).passing().forEach(this::write);
      check(stages.get(s).kept(), "kept by stage " + s);
    }
  }

  private void backward(List<Stretch> stretches, List<Integer> again) {
    List<Slot> output = stages.get(last()).kept();
    write(stages.get(last() + 1).gradients().get(0));
    for (int s = last(); s >= 0; s--) {
      List<Slot> dy = List.of(stages.get(s + 1).gradients().get(0));
      for (int i : again) {
        if (stretches.get(i).last() == s) {
          Slot kept = stages.get(s).kept().get(1);
          double before = values.get(kept);
          check(List.of(kept), "the output of a stretch");
          forward(stretches.get(i).first(), s);
          values.put(kept, before);
          Values.fill(kept.tensor(), before); // a second forward writes the same
        }
      }
      check(dy, "dy of stage " + s);
      check(stages.get(s).kept(), "what stage " + s + " reads");
      List<Slot> gradients = stages.get(s).gradients();
      for (int g = gradients.size() - 1; g >= 0; g--) {
        write(gradients.get(g));
        check(g == gradients.size() - 1 ? dy : List.of(gradients.get(g + 1)), "a gradient's own");
      }
      check(stages.get(s).kept(), "what stage " + s + " reads");
      if (s > 0) {
        check(List.of(stages.get(s - 1).kept().get(1)), "the input of stage " + s);
      }
    }
    if (again.isEmpty()) {
      check(List.of(output.get(1)), "the net's output");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nothingIsOverwrittenThatIsRead(boolean computesAgain) {
    long stacked = 0;
    long apart = 0;
    try (Backend backend = new ReferenceBackend()) {
      for (int net = 0; net < NETS; net++) {
        for (boolean repeats : new boolean[] {false, true}) {
          random = new Random(net);
          stages.clear();
          NetworkOptions options = NetworkOptions.training(1);
          ActivationMemory memory =
              plan(backend, repeats ? options.withRepeatedBackward() : options);
          List<Integer> again = new ArrayList<>();
          for (int i = 0; computesAgain && i < memory.stretches().size(); i++) {
            if (random.nextBoolean()) {
              again.add(i);
            }
          }
          memory.arrange(again);
          assertEquals(memory.activationBytes(), memory.activationBytes(again));
          assertEquals(memory.gradientBytes(), memory.gradientBytes(again));
          try (Arena kept = backend.allocate(memory.activationBytes());
              Arena others = backend.allocate(memory.gradientBytes())) {
            memory.bind(kept, others);
            forward(0, last());
            backward(memory.stretches(), again);
            for (int s = 0; repeats && again.isEmpty() && s <= last(); s++) {
              check(stages.get(s).kept(), "kept for another backward");
            }
          }
          stacked += repeats ? 0 : memory.gradientBytes();
          apart += repeats ? memory.gradientBytes() : 0;
        }
      }
    }
    assertTrue(stacked < apart, stacked + " and " + apart);
  }
}
