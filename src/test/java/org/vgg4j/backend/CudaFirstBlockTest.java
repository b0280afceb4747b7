package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.BlockChain.Layer;
import org.vgg4j.backend.BlockChain.Norm;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.Answers;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Work;
import org.vgg4j.testing.Errors;

/**
 * The GPU engine's own kernels for a net's first block against the reference: every kind of block,
 * at every path of the kernels, on images that no strip of pixels fits.
 */
@OnCuda
final class CudaFirstBlockTest {
  private static final Types ROUNDED = new Types(DType.BF16, DType.BF16, DType.F32, DType.F32);
  private static final String QUESTION = "fuse first block ";

  /** Images, their channels, height and width, and the filters. */
  private static final int[][] SHAPES = {
    {3, 1, 7, 6, 8},
    {2, 3, 6, 5, 20},
    {1, 2, 5, 9, 12},
    {2, 4, 9, 4, 5},
    {1, 3, 2, 17, 64},
    {1, 1, 6, 11, 140},
    {1, 3, 4, 3, 264},
    {1, 4, 10, 8, 16}
  };

  private static final Map<BlockChain, Outputs> RIGHT = new HashMap<>();
  private static final Map<BlockChain, Outputs> RIGHT_ROUNDED = new HashMap<>();

  /** TF32 takes the kernels of fp32. */
  private static Stream<Precision> precisions() {
    return Stream.of(Precision.TF32, Precision.BF16);
  }

  private static List<BlockChain> chains() {
    List<BlockChain> all = new ArrayList<>();
    for (int[] s : SHAPES) {
      for (Norm norm : Norm.values()) {
        for (boolean pool : new boolean[] {false, true}) {
          boolean bias = all.size() % 4 < 2;
          Shape x = Shape.of(s[0], s[1], s[2], s[3]);
          all.add(chain(x, norm, new Layer(s[4], 3, bias, norm, pool)));
        }
      }
    }
    all.add(chain(Shape.of(1, 1, 1, 1), Norm.NONE, new Layer(8, 3, true, Norm.NONE, false)));
    all.add(chain(Shape.of(4, 3, 1, 2), Norm.TRAINED, new Layer(8, 3, true, Norm.TRAINED, false)));
    return all;
  }

  private static BlockChain chain(Shape x, Norm norm, Layer layer) {
    return new BlockChain(x, norm != Norm.TRAINED, false, List.of(layer));
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
    RIGHT.clear();
    RIGHT_ROUNDED.clear();
  }

  @ParameterizedTest
  @MethodSource("precisions")
  void computesWhatTheReferenceDoes(Precision precision) {
    try (Bench bench = deterministic(precision)) {
      for (BlockChain chain : chains()) {
        requireOwnKernels(bench, chain);
        Outputs actual = chain.run(bench);
        Outputs right = right(precision, chain);
        if (chain.isExact()) {
          actual.exact(right, precision + " " + chain);
        } else {
          actual.compare(right, "first block, " + precision.text(), precision + " " + chain);
        }
      }
    }
  }

  private static Bench deterministic(Precision precision) {
    return new Bench(CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.AUTO)));
  }

  private static void requireOwnKernels(Bench bench, BlockChain chain) {
    List<Work> work = chain.work(bench);
    assertTrue(work.stream().allMatch(w -> isOwn(w.name())), () -> chain + ": " + work);
  }

  private static boolean isOwn(String name) {
    return name.startsWith("first ") || name.equals("norm frozen");
  }

  private static Outputs right(Precision precision, BlockChain chain) {
    return precision == Precision.BF16
        ? RIGHT_ROUNDED.computeIfAbsent(chain, c -> run(c, ROUNDED, DType.BF16))
        : RIGHT.computeIfAbsent(chain, c -> run(c, Types.F64, DType.F32));
  }

  private static Outputs run(BlockChain chain, Types types, DType inputs) {
    try (Bench bench = new Bench(new ReferenceBackend(types), inputs)) {
      return chain.run(bench);
    }
  }

  /** Sums are taken in the order of the shape alone, and no timing decides anything. */
  @ParameterizedTest
  @MethodSource("precisions")
  void equalRunsGiveEqualBits(Precision precision) {
    for (BlockChain chain : chains().subList(0, 18)) {
      List<double[]> first = bits(precision, chain);
      List<double[]> second = bits(precision, chain);
      assertEquals(first.size(), second.size());
      for (int i = 0; i < first.size(); i++) {
        assertArrayEquals(first.get(i), second.get(i), precision + " " + chain);
      }
    }
  }

  private static List<double[]> bits(Precision precision, BlockChain chain) {
    try (Bench bench = deterministic(precision)) {
      return chain.run(bench).values();
    }
  }

  /** What is timed, or given, decides: the same question for training and for inference. */
  @Test
  void anAnswerDecidesWhichKernelsRun() {
    BlockChain chain =
        chain(Shape.of(2, 3, 8, 8), Norm.TRAINED, new Layer(16, 3, true, Norm.TRAINED, false));
    for (boolean yes : new boolean[] {true, false}) {
      Map<String, String> choices =
          Answers.of(
              Precision.BF16,
              Activations.AUTO,
              Map.of(),
              question -> yes == question.startsWith(QUESTION),
              backend -> {
                try (Bench bench = Bench.over(backend)) {
                  chain.plan(bench);
                }
              });
      try (Bench bench = new Bench(Answers.open(Precision.BF16, Activations.AUTO, choices, null))) {
        List<Work> work = chain.work(bench);
        assertEquals(yes, work.stream().allMatch(w -> isOwn(w.name())), work::toString);
        String answer =
            bench.backend().choices().entrySet().stream()
                .filter(choice -> choice.getKey().startsWith(QUESTION + "norm bias training bf16"))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("not asked");
        assertEquals(yes ? "yes" : "no", answer);
      }
    }
  }
}
