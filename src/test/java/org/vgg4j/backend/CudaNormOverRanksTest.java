package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaOptions;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.Ranks;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.LocalCollective;
import org.vgg4j.nn.NormSums;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.testing.Errors;

/**
 * The GPU engine's batch norm over several ranks, each with its share of a batch, against the
 * reference's over the whole batch. A real GPU is a world of one.
 */
@OnCuda
final class CudaNormOverRanksTest {
  private static final int HEIGHT = 3;
  private static final int WIDTH = 4;

  /**
   * A batch.
   *
   * @param images of each rank; 0 for one that runs over two images that do not count
   * @param mean of the values
   */
  private record Case(
      Precision precision, int channels, boolean relu, double mean, List<Integer> images) {
    BatchNorm2dSpec spec(NormSums sums) {
      return new BatchNorm2dSpec(channels, 1e-5, 0.1, relu, false, sums);
    }

    int all() {
      return images.stream().mapToInt(Integer::intValue).sum();
    }

    int values() {
      return channels * HEIGHT * WIDTH;
    }

    Shape shape(int count) {
      return Shape.of(count, channels, HEIGHT, WIDTH);
    }

    /** Returns what the whole batch has, which floats hold exactly. */
    double[] whole(long seed, double centre) {
      double[] values = Bench.random(shape(all()), seed);
      return Arrays.stream(values).map(v -> (float) (v + centre)).toArray();
    }

    /** Returns a rank's share of the whole batch; something else where it has none. */
    double[] share(double[] whole, int rank, double otherwise) {
      int first = images.subList(0, rank).stream().mapToInt(Integer::intValue).sum();
      if (images.get(rank) == 0) {
        double[] others = new double[2 * values()];
        Arrays.fill(others, otherwise);
        return others;
      }
      return Arrays.copyOfRange(whole, first * values(), (first + images.get(rank)) * values());
    }
  }

  /** What a rank, or the reference, computes. */
  private record Part(
      double[] y, double[] dx, double[] dgamma, double[] dbeta, double[] mean, double[] var) {
    List<double[]> all() {
      return List.of(y, dx, dgamma, dbeta, mean, var);
    }
  }

  private static Stream<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (Precision precision : List.of(Precision.FP32, Precision.TF32, Precision.BF16)) {
      double far = precision == Precision.BF16 ? 2 : 30;
      all.add(new Case(precision, 8, true, 0, List.of(5)));
      all.add(new Case(precision, 5, false, far, List.of(4)));
      all.add(new Case(precision, 8, true, 0, List.of(3, 3)));
      all.add(new Case(precision, 20, false, far, List.of(1, 4)));
      all.add(new Case(precision, 3, true, 0, List.of(0, 3)));
      all.add(new Case(precision, 64, true, far, List.of(2, 0, 5)));
      all.add(new Case(precision, 1, false, 0, List.of(1, 1)));
    }
    return all.stream();
  }

  @AfterEach
  void oneGpu() {
    if (!CudaUnderTest.isGpu()) {
      StandIn.devices(1);
    }
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void ranksNormaliseAsOneDoes(Case c) {
    Part right;
    int count = c.all() * HEIGHT * WIDTH;
    // What is lost of a value where the mean is large.
    int lost = 1 + (int) (c.mean * c.mean);
    List<Part> parts = parts(c);
    Outputs actual = new Outputs(stored(c));
    try (Bench bench = new Bench(new ReferenceBackend(), stored(c))) {
      right = new Pass(bench, c.spec(null), c.shape(c.all()), whole(c)).run();
    }
    Outputs expected = new Outputs(stored(c));
    add(expected, right, count * lost);
    double[] sumOfGamma = new double[c.channels];
    double[] sumOfBeta = new double[c.channels];
    List<double[]> y = new ArrayList<>();
    List<double[]> dx = new ArrayList<>();
    for (int rank = 0; rank < parts.size(); rank++) {
      Part part = parts.get(rank);
      for (int i = 0; i < c.channels; i++) {
        sumOfGamma[i] += part.dgamma[i];
        sumOfBeta[i] += part.dbeta[i];
      }
      if (c.images.get(rank) > 0) {
        y.add(part.y);
        dx.add(part.dx);
      } else {
        for (double[] gradient : List.of(part.dx, part.dgamma, part.dbeta)) {
          assertTrue(Arrays.stream(gradient).allMatch(v -> v == 0), "a rank without images");
        }
      }
      assertArrayEquals(parts.get(0).mean, part.mean, "the same bits on every rank");
      assertArrayEquals(parts.get(0).var, part.var, "the same bits on every rank");
    }
    Part together =
        new Part(joined(y), joined(dx), sumOfGamma, sumOfBeta, parts.get(0).mean, parts.get(0).var);
    add(actual, together, count * lost);
    actual.compare(expected, "norm over ranks, " + c.precision.text(), c.toString());
  }

  private static DType stored(Case c) {
    return c.precision.types().activation();
  }

  private static double[] joined(List<double[]> all) {
    return all.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private static void add(Outputs outputs, Part part, int reduction) {
    outputs
        .add("y", part.y, reduction, 1)
        .add("dx", part.dx, 16 * reduction, 1)
        .add("dgamma", part.dgamma, 16 * reduction, 0)
        .add("dbeta", part.dbeta, reduction, 0)
        .add("running mean", part.mean, reduction, 0)
        .add("running var", part.var, reduction, 0);
  }

  /** Returns the whole batch's x and dy. */
  private static List<double[]> whole(Case c) {
    return List.of(c.whole(5, c.mean), c.whole(10, 0));
  }

  private static List<Part> parts(Case c) {
    int world = c.images.size();
    if (!CudaUnderTest.isGpu()) {
      StandIn.require();
      StandIn.devices(world);
    }
    Assumptions.assumeTrue(world == 1 || !CudaUnderTest.isGpu(), "it takes several GPUs");
    List<double[]> whole = whole(c);
    List<Part> parts =
        Ranks.of(world)
            .on(CudaUnderTest.deterministic(c.precision, Activations.AUTO))
            .results(
                (backend, collective) -> {
                  int rank = collective.rank();
                  int images = c.images.get(rank);
                  NormSums sums = new NormSums(collective);
                  sums.empty(images == 0);
                  try (Bench bench = Bench.over(backend)) {
                    List<double[]> share =
                        List.of(c.share(whole.get(0), rank, 7), c.share(whole.get(1), rank, 0));
                    Shape shape = c.shape(images == 0 ? 2 : images);
                    return new Pass(bench, c.spec(sums), shape, share).recorded();
                  }
                });
    requireNoMoreSums(world);
    return parts;
  }

  /** A forward and a backward have a sum each, a second forward has none. */
  private static void requireNoMoreSums(int world) {
    if (!CudaUnderTest.isGpu()) {
      int recorded = CudaUnderTest.with(CudaOptions.STRICT).graph() ? 1 : Pass.REPLAYS;
      int sums = 2 * (Pass.DIRECT + recorded) + Pass.BACKWARD_ALONE;
      assertEquals((long) world * sums, StandIn.calls("ncclAllReduce"));
    }
  }

  /** A forward and a backward over a batch, or a share of it. */
  private static final class Pass {
    /** What {@link #recorded} does call by call, in a backward alone, and from the recording. */
    static final int DIRECT = 2;

    static final int BACKWARD_ALONE = 1;
    static final int REPLAYS = 2;

    private final Bench bench;
    private final BatchNorm2dPlan plan;
    private final Tensor x;
    private final Tensor dy;
    private final Tensor gamma;
    private final Tensor beta;
    private final Tensor mean;
    private final Tensor var;
    private final Tensor y;
    private final Tensor dx;
    private final Tensor dgamma;
    private final Tensor dbeta;
    private final Tensor saved;

    Pass(Bench bench, BatchNorm2dSpec spec, Shape shape, List<double[]> values) {
      this.bench = bench;
      Shape channel = spec.parameter();
      plan = bench.own(bench.backend().batchNorm2d(spec, bench.plain(shape), Usage.TRAINING));
      x = bench.tensor(shape, values.get(0));
      dy = bench.tensor(shape, values.get(1));
      gamma = bench.master(channel, Bench.random(channel, 6));
      beta = bench.master(channel, Bench.random(channel, 7));
      mean = bench.master(channel, Bench.random(channel, 8));
      var = bench.master(channel, Bench.random(channel, 9));
      y = bench.output(plan.y());
      dx = bench.output(plan.y());
      dgamma = bench.output(bench.master(channel));
      dbeta = bench.output(bench.master(channel));
      saved = bench.opaque(plan.saved());
    }

    private void forward() {
      plan.forwardTraining(x, gamma, beta, mean, var, y, saved);
    }

    private void backward(Tensor from) {
      plan.backward(x, dy, gamma, beta, from, dx, dgamma, dbeta);
    }

    private Part part() {
      return new Part(
          Bench.values(y),
          Bench.values(dx),
          Bench.values(dgamma),
          Bench.values(dbeta),
          Bench.values(mean),
          Bench.values(var));
    }

    private void start() {
      mean.fill(i -> 0.25 * i - 1);
      var.fill(i -> 1 + i);
      for (Tensor output : List.of(y, dx, dgamma, dbeta)) {
        output.fill(i -> Double.NaN);
      }
    }

    Part run() {
      start();
      forward();
      backward(saved);
      return part();
    }

    /** The same bits come from a recording, and what is computed again is the same. */
    Part recorded() {
      Part first = run();
      requireSameAgain(first);
      requireSame(first, run());
      try (Recorded recorded =
          bench
              .backend()
              .record(
                  () -> {
                    forward();
                    backward(saved);
                  })) {
        for (int i = 0; i < REPLAYS; i++) {
          start();
          recorded.run();
          requireSame(first, part());
        }
      }
      return first;
    }

    private void requireSameAgain(Part first) {
      Tensor again = bench.output(plan.y());
      plan.normalizeAgain(x, gamma, beta, again, saved);
      assertArrayEquals(first.y, Bench.values(again));
      Tensor savedAgain = bench.opaque(plan.saved());
      again = bench.output(plan.y());
      plan.forwardAgain(x, gamma, beta, mean, var, again, savedAgain);
      assertArrayEquals(first.y, Bench.values(again));
      backward(savedAgain);
      requireSame(first, part());
    }

    private static void requireSame(Part expected, Part actual) {
      for (int i = 0; i < expected.all().size(); i++) {
        assertArrayEquals(expected.all().get(i), actual.all().get(i), "output " + i);
      }
    }
  }

  /** The evaluation has the running statistics, and needs nobody. */
  @Test
  void evaluationIsEachRanksOwn() {
    Case c = new Case(Precision.FP32, 4, true, 0, List.of(2));
    double[] alone;
    try (Bench bench = new Bench(CudaUnderTest.open())) {
      alone = evaluated(bench, c.spec(null), c);
    }
    List<double[]> ranks =
        Ranks.of(1)
            .results(
                (backend, collective) -> {
                  try (Bench bench = Bench.over(backend)) {
                    return evaluated(bench, c.spec(new NormSums(collective)), c);
                  }
                });
    assertArrayEquals(alone, ranks.get(0));
  }

  private static double[] evaluated(Bench bench, BatchNorm2dSpec spec, Case c) {
    Pass pass = new Pass(bench, spec, c.shape(c.all()), whole(c));
    pass.start();
    pass.plan.forwardInference(pass.x, pass.gamma, pass.beta, pass.mean, pass.var, pass.y);
    return Bench.values(pass.y);
  }

  /** Threads of a process cannot add up what lies on GPUs, and say so. */
  @Test
  void sumsThatDoNotReachTheGpuAreRefused() {
    try (Bench bench = new Bench(CudaUnderTest.open());
        Collective one = LocalCollective.of(2).get(0)) {
      Case c = new Case(Precision.FP32, 4, true, 0, List.of(2));
      Pass pass = new Pass(bench, c.spec(new NormSums(one)), c.shape(2), whole(c));
      String message = assertThrows(InvalidInputException.class, pass::forward).getMessage();
      assertTrue(message.contains("use NCCL for GPUs"), message);
      NormSums sums = new NormSums(one);
      sums.through(one);
      assertEquals(2, sums.parts());
      assertThrows(IllegalArgumentException.class, () -> sums.through(Collective.alone()));
    }
  }
}
