package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.BlockChain.Layer;
import org.vgg4j.backend.BlockChain.Norm;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.Answers;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Types;
import org.vgg4j.testing.Errors;

/**
 * The GPU engine's fused blocks against the reference's single operations: whatever cuDNN fuses,
 * and whether a batch norm's output is kept or computed again. In bf16 the reference rounds where
 * it stores values, as the engine does.
 */
@OnCuda
final class CudaConvBlockTest {
  private static final Types ROUNDED = new Types(DType.BF16, DType.BF16, DType.F32, DType.F32);

  /**
   * A norm that a convolution applies to its bf16 input is rounded three times instead of once: by
   * 3 / 256 in all.
   */
  private static final double ROUNDED_THRICE = 3.0 / 256;

  /**
   * That moves about 1 of 100 values of the next block over an edge of its ReLU or max-pool, and
   * each brings its whole gradient. So norms differ by some sqrt(0.01); of the smallest block's 18
   * windows of a channel, a single one is a quarter.
   */
  private static final double MOVED = 0.3;

  /**
   * TF32 rounds the inputs of a convolution, each by 2^-11 at most. The images and the filters are
   * exact; of the second and the third block, and of the way back, the inputs are not, which makes
   * some 4 roundings. Values that these move over an edge count as in bf16: of a small block one is
   * enough.
   */
  private static final double ROUNDED_TO_TF32 = 4 * 0x1p-11;

  private static final Map<String, Map<String, String>> MEASURED = new HashMap<>();
  private static final Map<BlockChain, Outputs> RIGHT = new HashMap<>();
  private static final Map<BlockChain, Outputs> RIGHT_ROUNDED = new HashMap<>();

  /**
   * How the engine is opened.
   *
   * @param fuses whether cuDNN does more than the convolution where it can; null for deterministic
   *     plans, which never do
   * @param defers the answer to whether a norm is left to the next block; null where that is given
   */
  private record Variant(
      Precision precision, Activations activations, Boolean fuses, Boolean defers) {
    Variant(Precision precision, Activations activations, Boolean fuses) {
      this(precision, activations, fuses, null);
    }

    @Override
    public String toString() {
      return precision.text() + ", " + activations.text() + deferring() + ", " + fusing();
    }

    private String fusing() {
      return fuses == null ? "deterministic" : fuses ? "fused" : "not fused";
    }

    private String deferring() {
      return defers == null ? "" : defers ? " (recompute)" : " (keep)";
    }

    boolean isBf16() {
      return precision == Precision.BF16;
    }

    boolean isTf32() {
      return precision == Precision.TF32;
    }

    boolean recomputes() {
      return defers != null ? defers : activations == Activations.RECOMPUTE;
    }

    /** Returns whether convolutions apply norms to their input in the forward. */
    boolean fusesNorms() {
      return Boolean.TRUE.equals(fuses) && recomputes();
    }

    /** Opens the engine with one answer to every question that the plans of the blocks raise. */
    Bench open(List<BlockChain> chains) {
      if (fuses == null) {
        return new Bench(CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations)));
      }
      Map<String, String> plans =
          MEASURED.computeIfAbsent(precision + " " + chains.hashCode(), key -> Map.of());
      Map<String, String> choices =
          Answers.of(
              precision,
              activations,
              plans,
              question -> question.startsWith("defer ") ? defers : fuses,
              backend -> plan(backend, chains));
      Map<String, String> all = new HashMap<>(plans);
      all.putAll(choices);
      MEASURED.put(precision + " " + chains.hashCode(), all);
      return new Bench(Answers.open(precision, activations, choices, null));
    }

    private static void plan(CudaBackend backend, List<BlockChain> chains) {
      try (Bench bench = Bench.over(backend)) {
        chains.forEach(chain -> chain.plan(bench));
      }
    }

    /** Fails unless the engine was asked and did as it was told. */
    void requireAnswered(Bench bench, List<BlockChain> chains) {
      Map<String, String> answers = new TreeMap<>(bench.backend().choices());
      answers.keySet().removeIf(name -> !Answers.isAnswer(name));
      assertEquals(fuses != null, answers.keySet().stream().anyMatch(q -> q.startsWith("fuse ")));
      boolean inARow = chains.stream().anyMatch(chain -> chain.layers().size() > 1);
      assertEquals(
          defers != null && inARow,
          answers.keySet().stream().anyMatch(q -> q.startsWith("defer ")));
      answers.forEach(
          (question, answer) ->
              assertEquals(
                  (question.startsWith("defer ") ? defers : fuses) ? "yes" : "no",
                  answer,
                  question));
    }
  }

  /** In strict fp32 cuDNN fuses nothing. */
  private static Stream<Variant> variants() {
    List<Variant> all = new ArrayList<>();
    for (Activations activations : List.of(Activations.KEEP, Activations.RECOMPUTE)) {
      all.add(new Variant(Precision.FP32, activations, null));
      for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
        all.add(new Variant(precision, activations, null));
        for (boolean fuses : new boolean[] {true, false}) {
          all.add(new Variant(precision, activations, fuses));
        }
      }
    }
    all.addAll(asked().toList());
    return all.stream();
  }

  /** The engine asks whether to leave norms to the next block, and is told. */
  private static Stream<Variant> asked() {
    return Stream.of(Precision.TF32, Precision.BF16)
        .flatMap(
            precision ->
                Stream.of(true, false)
                    .map(defers -> new Variant(precision, Activations.AUTO, !defers, defers)));
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  private static BlockChain chain(Shape x, boolean exact, Layer... layers) {
    return new BlockChain(x, exact, true, Arrays.asList(layers));
  }

  /** Blocks by themselves: every kind, on odd and even images, at every path of the kernels. */
  private static List<BlockChain> single() {
    List<BlockChain> all = new ArrayList<>();
    int[][] shapes = {
      {3, 1, 7, 6, 8},
      {2, 3, 6, 5, 20},
      {2, 8, 5, 7, 5},
      {1, 5, 4, 4, 64},
      {2, 20, 9, 8, 8},
      {2, 64, 5, 5, 20}
    };
    int kernel = 3;
    for (int[] s : shapes) {
      for (Norm norm : Norm.values()) {
        for (boolean bias : new boolean[] {false, true}) {
          for (boolean pool : new boolean[] {false, true}) {
            Shape x = Shape.of(s[0], s[1], s[2], s[3]);
            all.add(chain(x, norm != Norm.TRAINED, new Layer(s[4], kernel, bias, norm, pool)));
          }
        }
      }
      kernel = 4 - kernel;
    }
    return all;
  }

  /** Blocks in a row, of which the first leave their norm to the next where asked. */
  private static List<BlockChain> rows() {
    List<BlockChain> all = new ArrayList<>();
    for (Norm norm : Norm.values()) {
      boolean exact = norm != Norm.TRAINED;
      for (int c : new int[] {5, 8, 20}) {
        Layer plain = new Layer(c, 3, false, norm, false);
        Layer pooled = new Layer(c, 3, false, norm, true);
        all.add(chain(Shape.of(2, 3, 7, 6), exact, plain, pooled));
        all.add(
            chain(
                Shape.of(2, 1, 6, 7), exact, plain, new Layer(64, 1, false, norm, false), pooled));
      }
      Layer first = new Layer(8, 3, false, norm, true);
      all.add(chain(Shape.of(2, 3, 9, 9), exact, first, new Layer(20, 3, false, norm, false)));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("variants")
  void single(Variant variant) {
    compare(variant, single());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void inARow(Variant variant) {
    compare(variant, rows());
  }

  /** The tests above see both ways to keep a norm's output only if the engine takes both. */
  @ParameterizedTest
  @MethodSource({"given", "asked"})
  void normsAreLeftToTheNextBlockWhereAsked(Variant variant) {
    int left = 0;
    try (Bench bench = variant.open(rows())) {
      for (BlockChain chain : rows()) {
        Layer first = chain.layers().get(0);
        boolean isLeft = first.norm() != Norm.NONE && !first.pool();
        boolean isDeferred = CudaLayout.of(chain.plan(bench)).deferred();
        boolean isExpected =
            isLeft && variant.recomputes() && (variant.defers() == null || isOffered(bench, chain));
        left += isExpected ? 1 : 0;
        assertEquals(isExpected, isDeferred, () -> variant + " " + chain);
      }
    }
    assertEquals(variant.recomputes(), left > 0);
  }

  /**
   * Where nothing is given, a norm is left to a convolution that cuDNN can put it before. The
   * stand-in offers that for every shape; a GPU for some.
   */
  private static boolean isOffered(Bench bench, BlockChain chain) {
    Shape x = chain.x();
    String next =
        " x %dx%dx%dx%d w "
            .formatted(x.dim(0), chain.layers().get(0).channels(), x.dim(2), x.dim(3));
    return !CudaUnderTest.isGpu()
        || bench.backend().choices().keySet().stream()
            .anyMatch(question -> question.startsWith("defer ") && question.contains(next));
  }

  private static Stream<Variant> given() {
    return Stream.of(Activations.KEEP, Activations.RECOMPUTE)
        .map(activations -> new Variant(Precision.BF16, activations, null));
  }

  private static void compare(Variant variant, List<BlockChain> chains) {
    try (Bench bench = variant.open(chains)) {
      for (BlockChain chain : chains) {
        String what = variant + " " + chain;
        Outputs actual = chain.run(bench);
        Outputs right = right(variant, chain);
        boolean inARow = chain.layers().size() > 1;
        if (variant.isTf32() && (inARow || !chain.isExact())) {
          actual.compareNorms(right, variant.toString(), what, name -> tf32Tolerance(name, inARow));
        } else if (chain.isExact()) {
          actual.exact(right, what);
        } else if (variant.isBf16() && variant.fusesNorms() && inARow) {
          actual.compareNorms(right, variant.toString(), what, CudaConvBlockTest::normTolerance);
        } else {
          actual.compare(right, variant.toString(), what);
        }
      }
      variant.requireAnswered(bench, chains);
    }
  }

  private static double normTolerance(String output) {
    return output.startsWith("block d") ? MOVED : ROUNDED_THRICE;
  }

  private static double tf32Tolerance(String output, boolean inARow) {
    return inARow && output.startsWith("block d") ? MOVED : ROUNDED_TO_TF32;
  }

  private static Outputs right(Variant variant, BlockChain chain) {
    return variant.isBf16()
        ? RIGHT_ROUNDED.computeIfAbsent(chain, c -> run(c, ROUNDED, DType.BF16))
        : RIGHT.computeIfAbsent(chain, c -> run(c, Types.F64, DType.F32));
  }

  private static Outputs run(BlockChain chain, Types types, DType inputs) {
    try (Bench bench = new Bench(new ReferenceBackend(types), inputs)) {
      return chain.run(bench);
    }
  }
}
