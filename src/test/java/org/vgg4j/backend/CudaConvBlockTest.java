package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.BlockChain.Layer;
import org.vgg4j.backend.BlockChain.Norm;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.Precision;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.DType;
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

  private static final Map<String, Map<String, String>> MEASURED = new HashMap<>();
  private static final Map<BlockChain, Outputs> RIGHT = new HashMap<>();
  private static final Map<BlockChain, Outputs> RIGHT_ROUNDED = new HashMap<>();

  /**
   * How the engine is opened.
   *
   * @param fuses whether cuDNN does more than the convolution where it can; null for deterministic
   *     plans, which never do
   */
  private record Variant(Precision precision, Activations activations, Boolean fuses) {
    @Override
    public String toString() {
      return precision.text() + ", " + activations.text() + ", " + fusing();
    }

    private String fusing() {
      return fuses == null ? "deterministic" : fuses ? "fused" : "not fused";
    }

    boolean isBf16() {
      return precision == Precision.BF16;
    }

    /** Returns whether convolutions apply norms to their input in the forward. */
    boolean fusesNorms() {
      return Boolean.TRUE.equals(fuses) && activations == Activations.RECOMPUTE;
    }

    /** Opens the engine with one answer to every question that the plans of the blocks raise. */
    Bench open(List<BlockChain> chains) {
      if (fuses == null) {
        return new Bench(CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations)));
      }
      Map<String, String> measured =
          MEASURED.computeIfAbsent(
              precision + " " + activations + " " + chains.hashCode(),
              key -> measure(chains, Map.of()));
      // An answer may raise another question.
      return new Bench(measuring(answered(measure(chains, answered(measured)))));
    }

    private Map<String, String> answered(Map<String, String> choices) {
      Map<String, String> all = new TreeMap<>(choices);
      all.replaceAll((name, choice) -> isFusion(name) ? answer() : choice);
      return all;
    }

    private CudaBackend measuring(Map<String, String> choices) {
      return CudaUnderTest.open(CudaUnderTest.measuring(precision, activations, choices, null));
    }

    private Map<String, String> measure(List<BlockChain> chains, Map<String, String> given) {
      try (Bench bench = new Bench(measuring(given))) {
        chains.forEach(chain -> chain.plan(bench));
        return bench.backend().choices();
      }
    }

    private static boolean isFusion(String choice) {
      return choice.startsWith("fuse ");
    }

    private String answer() {
      return fuses ? "yes" : "no";
    }

    /** Fails unless the engine was asked to fuse and did as it was told. */
    void requireAnswered(Bench bench) {
      List<String> answers = new ArrayList<>();
      bench
          .backend()
          .choices()
          .forEach(
              (name, choice) -> {
                if (isFusion(name)) {
                  answers.add(choice);
                }
              });
      assertEquals(fuses != null, !answers.isEmpty(), toString());
      assertTrue(answers.stream().allMatch(answer -> answer.equals(answer())), answers::toString);
    }
  }

  /** In strict fp32 cuDNN fuses nothing. */
  private static Stream<Variant> variants() {
    List<Variant> all = new ArrayList<>();
    for (Activations activations : List.of(Activations.KEEP, Activations.RECOMPUTE)) {
      all.add(new Variant(Precision.FP32, activations, null));
      all.add(new Variant(Precision.BF16, activations, null));
      for (boolean fuses : new boolean[] {true, false}) {
        all.add(new Variant(Precision.BF16, activations, fuses));
      }
    }
    return all.stream();
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  private static BlockChain chain(Shape x, boolean exact, Layer... layers) {
    return new BlockChain(x, exact, Arrays.asList(layers));
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
  @EnumSource(names = {"KEEP", "RECOMPUTE"})
  void normsAreLeftToTheNextBlockWhereAsked(Activations activations) {
    try (Bench bench = new Variant(Precision.BF16, activations, null).open(rows())) {
      for (BlockChain chain : rows()) {
        Layer first = chain.layers().get(0);
        boolean isLeft = first.norm() != Norm.NONE && !first.pool();
        assertEquals(
            isLeft && activations == Activations.RECOMPUTE,
            CudaLayout.of(chain.plan(bench)).deferred());
      }
    }
  }

  private static void compare(Variant variant, List<BlockChain> chains) {
    try (Bench bench = variant.open(chains)) {
      for (BlockChain chain : chains) {
        String what = variant + " " + chain;
        Outputs actual = chain.run(bench);
        Outputs right = right(variant, chain);
        if (chain.isExact()) {
          actual.exact(right, what);
        } else if (variant.isBf16() && variant.fusesNorms() && chain.layers().size() > 1) {
          actual.compareNorms(right, variant.toString(), what, CudaConvBlockTest::normTolerance);
        } else {
          actual.compare(right, variant.toString(), what);
        }
      }
      variant.requireAnswered(bench);
    }
  }

  private static double normTolerance(String output) {
    return output.startsWith("block d") ? MOVED : ROUNDED_THRICE;
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
