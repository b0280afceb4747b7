package org.vgg4j.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.vgg4j.report.FirstFilters;
import org.vgg4j.report.Pictures;
import org.vgg4j.report.SampleViews;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;
import org.vgg4j.tensorboard.EpochEvents;
import org.vgg4j.tensorboard.EventFile;
import org.vgg4j.tensorboard.Value;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/**
 * Writes what TensorBoard shows into a run's folder: settings, training images as the net sees
 * them, the metrics of each epoch and at the end the first filters. A file that cannot be written
 * is told once, and training goes on without.
 */
final class TensorBoardLog implements TrainingListener, AutoCloseable {
  private static final int SAMPLES = 8;
  private static final int TILE = 64;

  private final Path folder;
  private final Supplier<RunData> images;
  private final Consumer<String> report;
  private EventFile file; // null before the first epoch, and after a failure
  private boolean hasFailed;
  private int last; // the last epoch that was written

  /**
   * Takes a run's folder.
   *
   * @param images gives its images, once it trains
   */
  TensorBoardLog(Path folder, Supplier<RunData> images, Consumer<String> report) {
    this.folder = folder;
    this.images = images;
    this.report = report;
  }

  /** Something that writes. */
  private interface Writing {
    void run() throws IOException;
  }

  private void attempt(Writing writing) {
    if (hasFailed) {
      return;
    }
    try {
      writing.run();
    } catch (IOException | RuntimeException e) {
      hasFailed = true;
      report.accept(
          "no more events for TensorBoard (%s); training goes on".formatted(Failures.reason(e)));
    }
  }

  @Override
  public void epochStarted(int epoch, int steps, int count) {
    attempt(
        () -> {
          if (file == null) {
            begin(epoch);
          } else if (epoch <= last) {
            file.restart(now(), epoch); // the run went back to a checkpoint
          }
        });
  }

  private void begin(int epoch) throws IOException {
    RunRecord run = RunRecord.read(folder);
    boolean isFirst = !EventFile.isIn(folder);
    file = EventFile.createIn(folder, now());
    if (!isFirst) {
      file.restart(now(), epoch);
      return;
    }
    run.config().remove("choices");
    file.add(
        now(),
        0,
        List.of(Value.settings(run.config(), now()), Value.text("configuration", table(run))));
    for (EpochMetrics before : run.epochs()) {
      file.add(now(), before.epoch(), EpochEvents.of(before));
    }
    samples(run);
  }

  private static String table(RunRecord run) {
    return run.config().entrySet().stream()
        .map(entry -> "| %s | %s |".formatted(cell(entry.getKey()), cell(entry.getValue())))
        .collect(Collectors.joining("\n", "| setting | value |\n|---|---|\n", "\n"));
  }

  private static String cell(Object value) {
    return String.valueOf(value).replace("|", "\\|").replaceAll("\\R", " ");
  }

  private void samples(RunRecord run) throws IOException {
    RunData data = run.images(images.get());
    SampleViews views = new SampleViews(run.recipe().measured(data.train()), data.train(), TILE);
    for (int image : views.chosen(SAMPLES)) {
      BufferedImage strip = views.strip(image);
      String name = data.train().classNames().get(data.train().label(image));
      file.add(now(), 0, List.of(picture("training images/" + image + " " + name, strip)));
    }
  }

  private static Value picture(String tag, BufferedImage picture) {
    return Value.image(tag, picture.getWidth(), picture.getHeight(), Pictures.png(picture));
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    attempt(() -> file.add(now(), metrics.epoch(), EpochEvents.of(metrics)));
    last = metrics.epoch();
  }

  /** Adds the filters of the last epoch and closes the file. */
  @Override
  public void close() {
    attempt(
        () -> {
          Path model = last == 0 ? null : RunRecord.read(folder).model();
          if (model != null) {
            file.add(now(), last, List.of(picture("first filters", FirstFilters.draw(model))));
          }
        });
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      report.accept("events for TensorBoard: " + Failures.reason(e));
    }
  }

  private static double now() {
    return System.currentTimeMillis() / 1000.0;
  }
}
