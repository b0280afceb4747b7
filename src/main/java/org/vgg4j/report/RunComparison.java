package org.vgg4j.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.vgg4j.report.LineChart.Series;
import org.vgg4j.run.RunRecord;
import org.vgg4j.train.EpochMetrics;

/** A page that compares runs: their results, their curves together, and how they differ. */
public final class RunComparison {
  private final List<RunRecord> runs;
  private final List<String> names;

  private RunComparison(List<RunRecord> runs) {
    this.runs = runs;
    names = names(runs);
  }

  /**
   * Returns the page of some runs.
   *
   * @param runs at least one
   */
  public static Page of(List<RunRecord> runs) {
    return new RunComparison(List.copyOf(runs)).page();
  }

  /** Runs are called by their folders' names, or by their paths where two have the same name. */
  private static List<String> names(List<RunRecord> runs) {
    List<String> names = runs.stream().map(RunRecord::name).toList();
    return new HashSet<>(names).size() == names.size()
        ? names
        : runs.stream().map(run -> run.folder().toString()).toList();
  }

  private Page page() {
    Page page = new Page("Comparison of %d runs".formatted(runs.size()));
    page.add(
        new Table(
            List.of("run", "epochs", "test", "best", "at", "loss", "images/s", "time"),
            rows(this::row)));
    page.section("Curves");
    chart(page, "Test accuracy", EpochMetrics::testAccuracy);
    chart(page, "Training accuracy", EpochMetrics::trainAccuracy);
    chart(page, "Training loss", EpochMetrics::trainLoss);
    chart(page, "Learning rate", EpochMetrics::learningRate);
    chart(page, "Images a second", EpochMetrics::imagesPerSecond);
    differences(page);
    return page;
  }

  private List<List<String>> rows(Function<Integer, List<String>> row) {
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      rows.add(row.apply(i));
    }
    return rows;
  }

  private List<String> row(int i) {
    List<EpochMetrics> epochs = runs.get(i).epochs();
    if (epochs.isEmpty()) {
      return List.of(names.get(i), "0", "-", "-", "-", "-", "-", "-");
    }
    EpochMetrics last = epochs.get(epochs.size() - 1);
    EpochMetrics best = Progress.best(epochs);
    return List.of(
        names.get(i),
        Integer.toString(last.epoch()),
        Figures.percent(last.testAccuracy()),
        Figures.percent(best.testAccuracy()),
        Integer.toString(best.epoch()),
        Figures.number(last.trainLoss()),
        Ticks.text(last.imagesPerSecond()),
        Figures.time(epochs.stream().mapToDouble(EpochMetrics::seconds).sum()));
  }

  private void chart(Page page, String title, Function<EpochMetrics, Double> value) {
    List<Series> lines = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      lines.add(Progress.line(names.get(i), runs.get(i).epochs(), value));
    }
    page.add(Progress.chart(title, lines));
  }

  private void differences(Page page) {
    Set<String> keys = new LinkedHashSet<>();
    runs.forEach(run -> keys.addAll(run.config().keySet()));
    keys.removeIf(
        key ->
            runs.stream().map(run -> Objects.toString(run.config().get(key))).distinct().count()
                == 1);
    page.section("Differences of configuration");
    if (keys.isEmpty()) {
      page.paragraph("There are none.");
      return;
    }
    List<String> columns = new ArrayList<>(List.of("setting"));
    columns.addAll(names);
    List<List<String>> rows = new ArrayList<>();
    for (String key : keys) {
      List<String> row = new ArrayList<>(List.of(key));
      runs.forEach(
          run ->
              row.add(
                  run.config().containsKey(key) ? SettingParts.text(run.config().get(key)) : "-"));
      rows.add(row);
    }
    page.add(new Table(columns, rows));
  }
}
