package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.InputSource;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Work;

class TrainingStepTest {
  private static final int BATCH = 8;
  private static final VggConfig SMALL =
      VggConfig.builder()
          .layers("4,M,6,M")
          .batchNorm(true)
          .channels(1)
          .classes(4)
          .imageSize(8)
          .hidden(12)
          .dropout(0.25)
          .build();

  /** What some steps on one batch come to. */
  private record Result(double[] losses, double[] parameters, long counted) {}

  private static Result train(Supplier<Backend> open, int steps, int passes) {
    try (Backend engine = open.get();
        Vgg vgg = Vgg.build(SMALL, Initialization.PYTORCH, NetworkOptions.training(BATCH), engine);
        TrainingStep step = new TrainingStep(vgg.network(), new Adam(), passes > 1)) {
      Network net = vgg.network();
      Execution at = net.execution(BATCH);
      at.input().fill(i -> i / 64 % 4 == i / 16 % 4 ? 1 : i % 5 * 0.1); // a bright band, its label
      int[] labels = new int[BATCH];
      Arrays.setAll(labels, i -> i % 4);
      at.labels().upload(labels);
      double[] losses = new double[steps];
      for (int i = 0; i < steps; i++) {
        net.loss().resetTotals();
        for (int pass = 0; pass < passes; pass++) {
          net.stepState().set(i, (long) i * passes + pass, 5e-3, BATCH, 1.0 / BATCH / passes);
          step.run(at, pass == 0, pass == passes - 1);
        }
        losses[i] = net.loss().totals().meanLoss();
      }
      List<Double> values = new ArrayList<>();
      for (Parameter parameter : net.parameters()) {
        double[] all = new double[parameter.shape().arrayLength()];
        parameter.value().download(all);
        Arrays.stream(all).forEach(values::add);
      }
      double[] parameters = values.stream().mapToDouble(Double::doubleValue).toArray();
      return new Result(losses, parameters, net.counters().get(0).value());
    }
  }

  @Test
  void learnsAndCountsItsPasses() {
    for (String device : List.of("reference", "cpu")) {
      Result result = train(() -> Backends.open(device).backend(), 40, 1);
      assertTrue(result.losses[39] < 0.5 * result.losses[0], Arrays.toString(result.losses));
      assertEquals(40, result.counted);
      assertEquals(15, train(() -> Backends.open(device).backend(), 5, 3).counted);
    }
  }

  /**
   * Mixed precision through the same seam: activations and the weights that plans read are rounded
   * to bf16, masters and statistics are not.
   */
  @Test
  void trainsWithRoundedActivationsAndWeightCopies() {
    Types mixed = new Types(DType.BF16, DType.BF16, DType.F64, DType.F64);
    Result full = train(ReferenceBackend::new, 40, 1);
    Result rounded = train(() -> new ReferenceBackend(mixed), 40, 1);
    assertTrue(rounded.losses[39] < 0.5 * rounded.losses[0], Arrays.toString(rounded.losses));
    // bf16 keeps 8 bits: the first loss differs in the third digit, not in the first and not never.
    double first = Math.abs(rounded.losses[0] / full.losses[0] - 1);
    assertTrue(first > 0 && first < 0.02, () -> "first losses differ by " + first);
    for (double value : rounded.parameters) {
      assertTrue(Double.isFinite(value));
    }
    assertFalse(Arrays.stream(rounded.parameters).allMatch(v -> v == DType.BF16.round(v)));
  }

  @Test
  void plansReadWhatTheOptimizerWrote() {
    Types mixed = new Types(DType.BF16, DType.BF16, DType.F64, DType.F64);
    try (Backend engine = new ReferenceBackend(mixed);
        Vgg vgg = Vgg.build(SMALL, Initialization.PYTORCH, NetworkOptions.training(BATCH), engine);
        TrainingStep step = new TrainingStep(vgg.network(), new Adam(), false)) {
      Network net = vgg.network();
      requireCopies(net);
      net.execution(BATCH).labels().upload(new int[BATCH]);
      net.stepState().set(0, 0, 1e-2, BATCH, 1.0 / BATCH);
      step.run(net.execution(BATCH), true, true);
      requireCopies(net);
      net.parameters().get(0).value().fill(i -> 0.1 * i);
      net.refreshCompute();
      requireCopies(net);
    }
  }

  private static void requireCopies(Network net) {
    int weights = 0;
    for (Parameter parameter : net.parameters()) {
      double[] master = new double[parameter.shape().arrayLength()];
      double[] compute = new double[master.length];
      parameter.value().download(master);
      parameter.compute().download(compute);
      if (parameter.compute() != parameter.value()) {
        weights++;
        Arrays.setAll(master, i -> DType.BF16.round(master[i]));
      }
      assertArrayEquals(master, compute, parameter.name());
    }
    assertEquals(5, weights);
  }

  /**
   * An engine may record a step: each kind of step once a shape, after a first run call by call.
   */
  @Test
  void stepsAreRunFromTheirRecordings() {
    List<String> heard = new ArrayList<>();
    Result expected = train(ReferenceBackend::new, 4, 3);
    Result found = train(() -> recording(heard), 4, 3);
    assertArrayEquals(expected.parameters, found.parameters);
    assertArrayEquals(expected.losses, found.losses);
    assertEquals(expected.counted, found.counted);
    // Of the first step's passes the second is like the first; then three runs a step.
    List<String> steps = new ArrayList<>(List.of("record", "run", "record"));
    steps.addAll(Collections.nCopies(9, "run"));
    assertEquals(steps, heard);
  }

  /** Returns an engine that notes when it records and runs what it recorded. */
  private static Backend recording(List<String> heard) {
    ReferenceBackend engine = new ReferenceBackend();
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("record")) {
                return method.invoke(engine, arguments);
              }
              heard.add("record");
              Runnable work = (Runnable) arguments[0];
              return (Recorded)
                  () -> {
                    heard.add("run");
                    work.run();
                  };
            });
  }

  /** A recording holds for the memory that its images lie in. */
  @Test
  void aStepThatStartsFromOtherImagesIsRecordedAnew() {
    List<String> heard = new ArrayList<>();
    int[] started = new int[2];
    InputSource first = counting(started, 0);
    InputSource second = counting(started, 1);
    try (Backend engine = recording(heard);
        Vgg vgg = Vgg.build(SMALL, Initialization.PYTORCH, NetworkOptions.training(BATCH), engine);
        TrainingStep step = new TrainingStep(vgg.network(), new Adam(), false)) {
      Execution at = vgg.network().execution(BATCH);
      at.labels().upload(new int[BATCH]);
      vgg.network().stepState().set(0, 0, 1e-2, BATCH, 1.0 / BATCH);
      for (InputSource start : Arrays.asList(first, first, second, second, null, null)) {
        at.startWith(start);
        step.run(at, true, true);
      }
    }
    assertEquals(List.of("record", "run", "record", "run", "record", "run"), heard);
    assertArrayEquals(new int[] {2, 2}, started);
  }

  private static InputSource counting(int[] started, int which) {
    return new InputSource() {
      @Override
      public void run() {
        started[which]++;
      }

      @Override
      public List<Work> work() {
        return List.of();
      }
    };
  }
}
