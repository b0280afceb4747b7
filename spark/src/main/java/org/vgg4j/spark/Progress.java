package org.vgg4j.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** Passes on what the workers of all attempts write down: rank 0's progress, and all lines. */
final class Progress implements Consumer<Journal.Page> {
  private final TrainingListener listener;
  private final Consumer<String> table; // takes that of a profile
  private final Consumer<String> report;
  private final Map<Integer, Long> seen = new HashMap<>(); // by rank
  private EpochMetrics last;

  Progress(TrainingListener listener, Consumer<String> table, Consumer<String> report) {
    this.listener = listener;
    this.table = table;
    this.report = report;
  }

  /** Counts from the beginning for the next attempt. */
  void nextAttempt() {
    seen.clear();
  }

  /** Returns the metrics of the last epoch that ended, null before. */
  EpochMetrics last() {
    return last;
  }

  @Override
  public void accept(Journal.Page page) {
    for (Journal.Entry entry : page.entries()) {
      if (entry.number() > seen.getOrDefault(page.rank(), 0L)) {
        seen.put(page.rank(), entry.number());
        pass(entry.event());
      }
    }
  }

  private void pass(Event event) {
    if (event instanceof Event.Said said) {
      report.accept(said.line());
    } else if (event instanceof Event.Profiled profile) {
      table.accept(profile.table());
    } else if (event instanceof Event.EpochStarted epoch) {
      listener.epochStarted(epoch.epoch(), epoch.steps(), epoch.images());
    } else if (event instanceof Event.Stepped step) {
      listener.stepFinished(step.epoch(), step.step(), step.images(), step.meanLoss());
    } else if (event instanceof Event.EvaluationStarted epoch) {
      listener.evaluationStarted(epoch.epoch());
    } else if (event instanceof Event.EpochFinished epoch) {
      last = epoch.metrics();
      listener.epochFinished(last);
    }
  }
}
