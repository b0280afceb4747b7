package org.vgg4j.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.MemoryWay;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/**
 * A way to train a recipe in a certain memory. Of those that fit, the one with the fewest passes is
 * taken, and of these the one with the least extra arithmetic: splitting a batch is the last
 * resort, since it alone changes results.
 *
 * @param split passes per batch
 * @param batchSize images per pass, at most
 * @param way what is computed again, and the memory of the net
 * @param bytes the memory of the training, the optimizer's included
 */
public record MemoryChoice(int split, int batchSize, MemoryWay way, long bytes) {
  /** Memory is nearly proportional to a pass's images; a guess may be off by this much. */
  private static final double CAUTION = 0.7;

  /** The passes of the last row of a table. */
  private static final int MOST_SHOWN = 16;

  /** Returns the multiply-adds that a whole batch takes more than with everything kept. */
  public long extraMultiplyAdds(int ofBatch) {
    return Math.round((double) way.extraMultiplyAdds() * ofBatch / batchSize);
  }

  /** Returns whether it is the plain way: everything kept, batches in one piece. */
  boolean isPlain() {
    return split == 1 && way.recomputation().equals(Recomputation.NONE);
  }

  /** Returns whether another choice does the same, perhaps planned at another time. */
  public boolean doesTheSameAs(MemoryChoice other) {
    return other != null
        && split == other.split
        && way.recomputation().equals(other.way.recomputation());
  }

  /** Returns what is computed again in words: norms and stage 1 computed again. */
  public String recomputationText() {
    return way.recomputation().equals(Recomputation.NONE)
        ? "everything kept"
        : way.recomputation().text() + " computed again";
  }

  /** Returns what is done in words: norms and stage 1 computed again, 2 passes of 32. */
  public String text() {
    return split == 1
        ? recomputationText()
        : "%s, %d passes of %d".formatted(recomputationText(), split, batchSize);
  }

  /**
   * Returns the ways worth taking with so many passes a batch, each with more arithmetic and less
   * memory than the one before.
   *
   * @param images how many images an epoch has
   * @throws InvalidInputException when the engine cannot compute such passes
   */
  public static List<MemoryChoice> ways(Recipe recipe, int images, Backend backend, int split) {
    return ways(recipe, images, backend, split, Sharing.NONE);
  }

  private static List<MemoryChoice> ways(
      Recipe recipe, int images, Backend backend, int split, Sharing sharing) {
    List<MemoryChoice> all = new ArrayList<>(ways(recipe, images, backend, split, false, sharing));
    all.addAll(ways(recipe, images, backend, split, true, sharing));
    all.sort(
        Comparator.comparingLong((MemoryChoice choice) -> choice.way.extraMultiplyAdds())
            .thenComparingLong(MemoryChoice::bytes));
    List<MemoryChoice> worthwhile = new ArrayList<>();
    for (MemoryChoice choice : all) {
      if (worthwhile.isEmpty() || choice.bytes < last(worthwhile).bytes) {
        worthwhile.add(choice);
      }
    }
    return worthwhile;
  }

  private static MemoryChoice last(List<MemoryChoice> ways) {
    return ways.get(ways.size() - 1);
  }

  private static List<MemoryChoice> ways(
      Recipe recipe, int images, Backend backend, int split, boolean norms, Sharing sharing) {
    Recipe divided = recipe.withSplit(split);
    Recomputation planned = new Recomputation(norms, List.of());
    try (NetworkPlan plan = divided.plan(images, backend, planned, sharing)) {
      int size = plan.memoryPlan().stages().get(0).x().shape().dim(0);
      return plan.ways().stream()
          .map(way -> new MemoryChoice(split, size, way, divided.trainingBytes(way.plan())))
          .toList();
    }
  }

  /**
   * Returns ways for a table: all worth taking in one piece that differ by a hundredth, and for
   * some numbers of passes the first and the last.
   */
  public static List<MemoryChoice> overview(Recipe recipe, Backend backend) {
    int batch = recipe.training().batchSize();
    List<MemoryChoice> rows = new ArrayList<>();
    for (MemoryChoice choice : ways(recipe, batch, backend, 1)) {
      if (rows.isEmpty() || choice.bytes < 0.99 * last(rows).bytes) {
        rows.add(choice);
      }
    }
    for (int passes = 2; passes <= Math.min(batch, MOST_SHOWN); passes *= 2) {
      List<MemoryChoice> ways = waysIfAny(recipe, batch, backend, passes, Sharing.NONE);
      if (!ways.isEmpty()) {
        rows.add(ways.get(0));
        rows.add(last(ways));
      }
    }
    return rows.stream().distinct().toList();
  }

  /**
   * Chooses.
   *
   * @param limit the most bytes that the training may take
   * @param limitText what says so, for the refusal
   * @param split passes per batch that are kept to; 0 to choose them too
   * @param sharing how ranks share each pass
   * @throws OutOfDeviceMemoryException when nothing fits; it says what the smallest way needs
   */
  static MemoryChoice choose(
      Recipe recipe,
      int images,
      Backend backend,
      long limit,
      String limitText,
      int split,
      Sharing sharing) {
    int first = Math.max(split, 1);
    MemoryChoice kept = ways(recipe, images, backend, first, false, sharing).get(0);
    if (kept.bytes <= limit) {
      return kept;
    }
    List<MemoryChoice> ways = ways(recipe, images, backend, first, sharing);
    MemoryChoice whole = last(ways);
    MemoryChoice least = whole;
    if (split == 0 && least.bytes > limit) {
      for (int passes : splits(kept.batchSize)) {
        if (least.bytes > limit && whole.mayFit(passes, limit)) {
          ways = waysIfAny(recipe, images, backend, passes, sharing);
          least = ways.isEmpty() || last(ways).bytes > least.bytes ? least : last(ways);
        }
      }
    }
    if (least.bytes > limit) {
      throw new OutOfDeviceMemoryException(
          "the %s engine, even with %s".formatted(backend.name(), least.text()),
          least.bytes,
          limit,
          limitText);
    }
    return ways.stream().filter(choice -> choice.bytes <= limit).findFirst().orElseThrow();
  }

  /** Returns the numbers of passes, beyond one, that make passes of another size each. */
  static List<Integer> splits(int batchSize) {
    return IntStream.rangeClosed(2, batchSize)
        .filter(passes -> passes == quotient(batchSize, quotient(batchSize, passes)))
        .boxed()
        .toList();
  }

  private static int quotient(int dividend, int divisor) {
    return (dividend + divisor - 1) / divisor;
  }

  /** Returns whether so many passes are worth planning; this is the smallest way in one piece. */
  private boolean mayFit(int passes, long limit) {
    MemoryPlan plan = way.plan();
    long ofPass = plan.activations() + plan.activationGradients() + plan.inputs();
    return bytes - ofPass + CAUTION * ofPass / passes <= limit || passes == batchSize;
  }

  private static List<MemoryChoice> waysIfAny(
      Recipe recipe, int images, Backend backend, int split, Sharing sharing) {
    try {
      return ways(recipe, images, backend, split, sharing);
    } catch (InvalidInputException e) {
      return List.of(); // batch norm of single values, such as in a pass of one small image
    }
  }
}
