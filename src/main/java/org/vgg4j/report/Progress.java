package org.vgg4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.report.LineChart.Series;
import org.vgg4j.run.RunRecord;
import org.vgg4j.train.EpochMetrics;

/** How a run went: curves by epoch, and the figures behind them. */
final class Progress {
  private static final String EPOCH = "epoch";

  private Progress() {}

  /** Adds the figures of a run, its curves and its epochs. */
  static void add(Page page, RunRecord run, Evaluation evaluation) {
    List<EpochMetrics> epochs = run.epochs();
    if (epochs.isEmpty()) {
      page.paragraph("No epoch has ended: there are no curves.");
      return;
    }
    page.add(new Table(List.of("", ""), figures(run, evaluation)));
    page.section("Curves");
    curves(page, run);
    page.section("Epochs")
        .add(new Table(columns(epochs), epochs.stream().map(e -> row(e, epochs)).toList()));
  }

  private static List<List<String>> figures(RunRecord run, Evaluation evaluation) {
    List<EpochMetrics> epochs = run.epochs();
    EpochMetrics last = epochs.get(epochs.size() - 1);
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("test accuracy", Figures.percent(last.testAccuracy())));
    EpochMetrics best = best(epochs);
    if (best.epoch() != last.epoch()) {
      rows.add(List.of("best", Figures.percent(best.testAccuracy()) + ", epoch " + best.epoch()));
    }
    if (evaluation != null) {
      rows.add(List.of("test loss", Figures.number(evaluation.meanLoss())));
      if (evaluation.classNames().size() > 5) {
        rows.add(List.of("test accuracy, top 5", Figures.percent(evaluation.topFiveAccuracy())));
      }
      rows.add(List.of("test images", Figures.count(evaluation.count())));
    }
    rows.add(List.of("training loss", Figures.number(last.trainLoss())));
    rows.add(
        List.of(
            "epochs", last.epoch() + " of " + Objects.toString(run.config().get("epochs"), "?")));
    rows.add(
        List.of("time", Figures.time(epochs.stream().mapToDouble(EpochMetrics::seconds).sum())));
    return rows;
  }

  private static void curves(Page page, RunRecord run) {
    List<EpochMetrics> epochs = run.epochs();
    page.add(chart("Loss", List.of(line("training", epochs, EpochMetrics::trainLoss))));
    List<Series> accuracy = new ArrayList<>();
    accuracy.add(line("training", epochs, EpochMetrics::trainAccuracy));
    accuracy.add(line("test", epochs, EpochMetrics::testAccuracy));
    if (epochs.stream().anyMatch(epoch -> epoch.testTopFive() != null)) {
      accuracy.add(line("test, top 5", epochs, EpochMetrics::testTopFive));
    }
    page.add(chart("Accuracy", accuracy));
    page.add(
        chart("Learning rate", List.of(line("learning rate", epochs, EpochMetrics::learningRate))));
    page.add(
        chart("Images a second", List.of(line("images/s", epochs, EpochMetrics::imagesPerSecond))));
  }

  /** Returns a chart by epochs. */
  static LineChart chart(String title, List<Series> lines) {
    return new LineChart(title, EPOCH, lines);
  }

  /** Returns a line by epochs; what an epoch does not say is a gap. */
  static Series line(String name, List<EpochMetrics> epochs, Function<EpochMetrics, Double> value) {
    return new Series(
        name,
        epochs.stream().map(epoch -> (double) epoch.epoch()).toList(),
        epochs.stream().map(value).map(v -> v == null ? (Double) Double.NaN : v).toList());
  }

  private static List<String> columns(List<EpochMetrics> epochs) {
    List<String> columns =
        new ArrayList<>(List.of(EPOCH, "loss", "training", "test", "rate", "images/s", "time"));
    if (waits(epochs)) {
      columns.add("waited");
    }
    return columns;
  }

  private static List<String> row(EpochMetrics epoch, List<EpochMetrics> all) {
    List<String> row = new ArrayList<>();
    row.add(Integer.toString(epoch.epoch()));
    row.add(Figures.number(epoch.trainLoss()));
    row.add(Figures.percent(epoch.trainAccuracy()));
    row.add(Figures.percent(epoch.testAccuracy()));
    row.add(epoch.learningRate() == null ? "-" : Ticks.text(epoch.learningRate()));
    row.add(Ticks.text(epoch.imagesPerSecond()));
    row.add(Figures.time(epoch.seconds()));
    if (waits(all)) {
      row.add(epoch.waitSeconds() == null ? "-" : Figures.time(epoch.waitSeconds()));
    }
    return row;
  }

  private static boolean waits(List<EpochMetrics> epochs) {
    return epochs.stream().anyMatch(epoch -> epoch.waitSeconds() != null);
  }

  /** Returns the epoch of the best test accuracy, the first of equal ones. */
  static EpochMetrics best(List<EpochMetrics> epochs) {
    EpochMetrics best = epochs.get(0);
    for (EpochMetrics epoch : epochs) {
      boolean isBetter = epoch.testAccuracy() > best.testAccuracy();
      best = isBetter || Double.isNaN(best.testAccuracy()) ? epoch : best;
    }
    return best;
  }
}
