package org.vgg4j.run;

import java.util.List;
import org.vgg4j.nn.MemoryWay;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DescribedDevice;
import org.vgg4j.tensor.EngineException;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The largest batch whose training fits into an engine's memory.
 *
 * @param size the batch size, 0 when none fits
 * @param bytes what a training with it takes
 * @param refusal why larger ones cannot be planned; null when they only take too much memory
 */
public record LargestBatch(int size, long bytes, String refusal) {
  /** More images than any GPU takes at once. */
  private static final int MOST = 1 << 20;

  /** After so many guesses, which presume that memory grows evenly, the range is halved. */
  private static final int GUESSES = 8;

  /** What a batch takes, or why it cannot be planned. */
  private record Attempt(long bytes, String refusal) {}

  /**
   * Searches from the recipe's batch size; nothing is taken from the device.
   *
   * @param recomputes whether norms and stages are computed again as far as that saves memory, else
   *     everything is kept
   */
  public static LargestBatch of(Recipe recipe, DescribedDevice device, boolean recomputes) {
    Backend quick = device.quickBackend();
    LargestBatch found = from(recipe.training().batchSize(), recipe, quick, recomputes);
    if (quick == device.backend() || found.size() == 0) {
      return found;
    }
    Attempt exact = attempt(recipe, found.size(), device.backend(), recomputes);
    return exact.refusal() == null && exact.bytes() <= quick.availableBytes()
        ? new LargestBatch(found.size(), exact.bytes(), found.refusal())
        : from(found.size(), recipe, device.backend(), recomputes);
  }

  private static LargestBatch from(int start, Recipe recipe, Backend backend, boolean recomputes) {
    long room = backend.availableBytes();
    int fits = 0;
    int fails = MOST;
    Attempt atFit = new Attempt(0, null);
    Attempt atFail = null;
    int guess = Math.min(start, MOST - 1);
    for (int turn = 0; fails - fits > 1; turn++) {
      Attempt attempt = attempt(recipe, guess, backend, recomputes);
      if (attempt.refusal() == null && attempt.bytes() <= room) {
        fits = guess;
        atFit = attempt;
      } else {
        fails = guess;
        atFail = attempt;
      }
      guess = next(fits, fails, atFit, atFail, room, turn);
    }
    return new LargestBatch(fits, atFit.bytes(), atFail == null ? null : atFail.refusal());
  }

  private static int next(int fits, int fails, Attempt atFit, Attempt atFail, long room, int turn) {
    double guess;
    if (atFail == null) {
      guess = (double) fits * room / atFit.bytes();
    } else if (atFail.refusal() != null || turn >= GUESSES) {
      guess = ((double) fits + fails) / 2;
    } else {
      double share = (double) (room - atFit.bytes()) / (atFail.bytes() - atFit.bytes());
      guess = fits + share * (fails - fits);
    }
    return (int) Math.max(fits + 1, Math.min(fails - 1, guess));
  }

  private static Attempt attempt(Recipe recipe, int batch, Backend backend, boolean recomputes) {
    NetworkOptions options =
        recipe.networkOptions(batch).withRecomputation(new Recomputation(recomputes, List.of()));
    try (NetworkPlan plan = Vgg.plan(recipe.net(), recipe.initialization(), options, backend)) {
      List<MemoryWay> ways = plan.ways();
      MemoryWay way = ways.get(recomputes ? ways.size() - 1 : 0);
      return new Attempt(recipe.trainingBytes(way.plan()), null);
    } catch (EngineException | InvalidInputException | ArithmeticException e) {
      return new Attempt(0, e.getMessage());
    }
  }
}
