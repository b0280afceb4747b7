package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * A block whose norm was left to the next one finds the sums of its backward taken. Whatever a
 * caller does between the two backwards, the gradients have the bits of a block that kept its norm.
 */
@OnCuda
final class CudaLeftSumsTest {
  private static final Conv2dSpec FIRST = new Conv2dSpec(3, 8, 3, 1, true, false);
  private static final Conv2dSpec SECOND = new Conv2dSpec(8, 5, 3, 1, false, false);
  private static final Shape X = Shape.of(2, 3, 7, 6);

  /** One block with its parameters and gradients. */
  private record Block(
      ConvBlockPlan plan, ConvBlockPlan.Parameters parameters, ConvBlockPlan.Gradients gradients) {
    static Block of(
        Bench bench, PoisonedMemory memory, Conv2dSpec conv, Conv2dSpec next, Layout x, int seed) {
      int channels = conv.outChannels();
      ConvBlockSpec spec = new ConvBlockSpec(conv, BatchNorm2dSpec.of(channels, true), null, next);
      ConvBlockPlan plan =
          bench.own(bench.backend().convBlock(spec, x, null, Usage.TRAINING, memory));
      Shape c = Shape.of(channels);
      double[] ones = new double[channels];
      Arrays.fill(ones, 1);
      return new Block(
          plan,
          new ConvBlockPlan.Parameters(
              bench.tensor(plan.w(), Bench.random(conv.w(), seed)),
              conv.bias() ? bench.master(c, Bench.random(c, seed + 1)) : null,
              bench.master(c, ones),
              bench.master(c, Bench.random(c, seed + 2)),
              bench.master(c, new double[channels]),
              bench.master(c, ones)),
          new ConvBlockPlan.Gradients(
              bench.output(plan.dw()),
              conv.bias() ? bench.output(bench.master(c)) : null,
              bench.output(bench.master(c)),
              bench.output(bench.master(c))));
    }

    Tensor forward(Tensor x) {
      return plan.forward(x, parameters, true);
    }

    Tensor backward(Tensor dy) {
      return plan.backward(dy, parameters, gradients);
    }
  }

  /** Two blocks in a row after their forward, and some gradients. */
  private record Pair(Bench bench, Block first, Block second, List<double[]> seen) {
    static Pair of(Bench bench, int seed) {
      PoisonedMemory memory = new PoisonedMemory(bench);
      Layout x = bench.backend().firstLayout(X);
      Block first = Block.of(bench, memory, FIRST, SECOND, x, seed);
      Block second = Block.of(bench, memory, SECOND, null, first.plan.y(), seed + 10);
      memory.bind();
      Pair pair = new Pair(bench, first, second, new ArrayList<>());
      pair.forward(seed + 20);
      return pair;
    }

    Tensor input(int seed) {
      return bench.tensor(bench.backend().firstLayout(X), Bench.random(X, seed));
    }

    void forward(int seed) {
      second.forward(first.forward(input(seed)));
    }

    /** Returns a gradient of the last output. */
    Tensor slope(int seed) {
      Layout y = second.plan.y();
      return bench.tensor(y, Bench.random(y.shape(), seed));
    }

    /** Returns a gradient of what is between the blocks. */
    Tensor middle(int seed) {
      Shape y = FIRST.y(X);
      return bench.tensor(bench.plain(y), Bench.random(y, seed));
    }

    /** Runs the first block's backward and notes all that it gives. */
    void finish(Tensor dy) {
      Tensor dx = first.backward(dy);
      ConvBlockPlan.Gradients g = first.gradients;
      for (Tensor tensor : new Tensor[] {dx, g.dw(), g.db(), g.dgamma(), g.dbeta()}) {
        seen.add(Bench.values(tensor));
      }
      for (Tensor tensor : new Tensor[] {second.gradients.dw(), second.gradients.dgamma()}) {
        seen.add(Bench.values(tensor));
      }
    }
  }

  /** What a caller does with two pairs of blocks. */
  private enum Doing {
    STRAIGHT {
      @Override
      void run(Pair a, Pair b) {
        a.finish(a.second.backward(a.slope(1)));
      }
    },
    GRADIENT_UPLOADED {
      @Override
      void run(Pair a, Pair b) {
        Tensor dx = a.second.backward(a.slope(1));
        dx.upload(Bench.random(dx.shape(), 2));
        a.finish(dx);
      }
    },
    GRADIENT_COPIED_ON_THE_GPU {
      @Override
      void run(Pair a, Pair b) {
        Tensor other = a.middle(2);
        Tensor dx = a.second.backward(a.slope(1));
        dx.copyFrom(other);
        a.finish(dx);
      }
    },
    OTHER_GRADIENT {
      @Override
      void run(Pair a, Pair b) {
        Tensor other = a.middle(2);
        a.second.backward(a.slope(1));
        a.finish(other);
      }
    },
    FIRST_TWICE {
      @Override
      void run(Pair a, Pair b) {
        Tensor other = a.middle(2);
        Tensor dx = a.second.backward(a.slope(1));
        a.first.backward(dx);
        a.first.backward(other);
        a.finish(dx);
      }
    },
    SECOND_TWICE {
      @Override
      void run(Pair a, Pair b) {
        Tensor slope = a.slope(2);
        a.second.backward(a.slope(1));
        a.finish(a.second.backward(slope));
      }
    },
    FIRST_FORWARD_AGAIN {
      @Override
      void run(Pair a, Pair b) {
        Tensor x = a.input(3);
        Tensor dx = a.second.backward(a.slope(1));
        a.first.forward(x);
        a.finish(dx);
      }
    },
    FORWARD_AND_BACKWARD_AGAIN {
      @Override
      void run(Pair a, Pair b) {
        Tensor slope = a.slope(2);
        a.second.backward(slope);
        a.forward(4);
        a.finish(a.second.backward(slope));
      }
    },
    OTHER_BLOCKS_BETWEEN {
      @Override
      void run(Pair a, Pair b) {
        Tensor slope = b.slope(2);
        Tensor dx = a.second.backward(a.slope(1));
        Tensor other = b.second.backward(slope);
        a.finish(dx);
        b.finish(other);
        a.seen.addAll(b.seen);
      }
    };

    abstract void run(Pair a, Pair b);
  }

  private static Bench open(Precision precision, Activations activations) {
    return new Bench(CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations)));
  }

  private static List<double[]> run(Precision precision, Activations activations, Doing doing) {
    try (Bench bench = open(precision, activations)) {
      Pair a = Pair.of(bench, 100);
      assertEquals(
          activations == Activations.RECOMPUTE, CudaLayout.of(a.first.plan.y()).deferred());
      doing.run(a, Pair.of(bench, 200));
      return a.seen;
    }
  }

  private static Stream<Arguments> cases() {
    return Stream.of(Precision.FP32, Precision.TF32, Precision.BF16)
        .flatMap(p -> Stream.of(Doing.values()).map(doing -> Arguments.of(p, doing)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theBitsAreThoseOfAKeptNorm(Precision precision, Doing doing) {
    List<double[]> kept = run(precision, Activations.KEEP, doing);
    List<double[]> again = run(precision, Activations.RECOMPUTE, doing);
    assertEquals(kept.size(), again.size());
    for (int i = 0; i < kept.size(); i++) {
      assertArrayEquals(kept.get(i), again.get(i), "output " + i);
    }
  }

  /** The test above sees both ways only if there are two. */
  @Test
  void thePassOverTheGradientIsSparedOnlyRightBehindTheNextBlock() {
    StandIn.require();
    try (Bench bench = open(Precision.BF16, Activations.RECOMPUTE)) {
      Pair pair = Pair.of(bench, 100);
      Tensor slope = pair.slope(1);
      Tensor dx = pair.second.backward(slope);
      bench.backend().synchronize(); // as a listener that measures does; it changes nothing
      long spared = launches(() -> pair.first.backward(dx));
      assertEquals(spared + 1, launches(() -> pair.first.backward(dx)));
      assertTrue(spared > 0);
    }
  }

  private static long launches(Runnable work) {
    long before = StandIn.calls("cudaLaunchKernel");
    work.run();
    return StandIn.calls("cudaLaunchKernel") - before;
  }
}
