package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.TotalsRead;

/** When a watch reads, over a loss that hands out its totals when the test says so. */
final class LossWatchTest {
  private static final int INTERVAL = 3;

  /** The reads begun so far: null while the totals have not arrived. */
  private final List<LossTotals> reads = new ArrayList<>();

  private static final Ranks ALONE = new Ranks(Collective.alone(), () -> false);

  private final LossWatch watch = new LossWatch(this::begin, () -> totals(99), INTERVAL, ALONE);

  private TotalsRead begin() {
    int read = reads.size();
    reads.add(null);
    return () -> reads.get(read);
  }

  private static LossTotals totals(long count) {
    return new LossTotals(1, 0, 0, count, -1);
  }

  /** Lets the newest read arrive. */
  private void arrive(long count) {
    reads.set(reads.size() - 1, totals(count));
  }

  @Test
  void readBeginsOnlyWhenItIsDue() {
    assertNull(watch.poll(1));
    assertNull(watch.poll(2));
    assertEquals(0, reads.size());
    assertNull(watch.poll(3));
    assertEquals(1, reads.size());
  }

  @Test
  void onEngineThatComputesAtOnceEveryStepIsRead() {
    LossWatch atOnce = new LossWatch(() -> () -> totals(7), () -> totals(99), 1, ALONE);
    for (int done = 1; done <= 3; done++) {
      assertEquals(totals(7), atOnce.poll(done));
      assertEquals(done, atOnce.step());
    }
  }

  @Test
  void atMostOneReadIsUnderWay() {
    for (int done = 1; done <= 2 * INTERVAL; done++) {
      assertNull(watch.poll(done));
    }
    assertEquals(1, reads.size());
  }

  /** Arrived three steps late, where the next read would have been due. */
  @Test
  void stepIsTheOneThatTheReadBeganAfter() {
    for (int done = 1; done <= 5; done++) {
      assertNull(watch.poll(done));
    }
    arrive(30);
    assertEquals(totals(30), watch.poll(6));
    assertEquals(3, watch.step());
    assertEquals(1, reads.size());
  }

  @Test
  void totalsAreReturnedOnceAndTheNextReadIsDueAgain() {
    watch.poll(3);
    arrive(30);
    assertEquals(totals(30), watch.poll(4));
    assertNull(watch.poll(5));
    assertNull(watch.poll(6));
    assertEquals(2, reads.size());
    arrive(60);
    assertEquals(totals(60), watch.poll(7));
    assertEquals(6, watch.step());
  }

  @Test
  void awaitReturnsTheTotalsAsTheyAreAndGivesUpTheRead() {
    watch.poll(3);
    assertEquals(totals(99), watch.await());
    arrive(30);
    assertNull(watch.poll(4));
  }

  @Test
  void resetGivesUpTheRead() {
    watch.poll(3);
    watch.reset();
    arrive(30);
    assertNull(watch.poll(1));
    watch.poll(3);
    assertEquals(2, reads.size());
  }
}
