package org.vgg4j.train;

import java.util.function.BooleanSupplier;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.evaluation.DataFeed;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.LossTotals;

/** The test after an epoch. */
final class EpochTest {
  private EpochTest() {}

  /**
   * Returns the totals over this rank's part of the test images; null when stopped.
   *
   * @param epoch its number
   * @param trained how the rank's training goes, whose largest slices the test takes, too
   */
  static LossTotals totals(
      Vgg vgg, DataFeed feed, int epoch, BatchSchedule trained, BooleanSupplier stopped) {
    ImageSource test = feed.data();
    EvaluationEvent event = FlightEvents.begin(EvaluationEvent::new);
    int batchSize = trained.mostImages() * trained.shard().world();
    BatchSchedule schedule = new BatchSchedule(test.size(), batchSize, 1, trained.shard());
    LossTotals totals = Evaluator.totals(vgg, feed, schedule, stopped);
    if (FlightEvents.end(event)) {
      event.number = epoch;
      event.images = test.size();
      event.bytes =
          test.commonShape() == null ? 0 : (long) test.size() * test.commonShape().bytes();
      event.commit();
    }
    return totals;
  }
}
