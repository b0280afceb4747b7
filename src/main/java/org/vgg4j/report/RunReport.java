package org.vgg4j.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The report of a run. What is known without its images is there from the beginning; {@link
 * #measure} adds the rest.
 *
 * <pre>{@code
 * RunRecord run = RunRecord.read(folder);
 * try (Backend engine = Backends.open("cpu").backend()) {
 *   RunReport report = new RunReport(run);
 *   report.measure(run.images(data), engine, done -> {});
 *   report.page().write(folder.resolve(RunReport.FILE));
 * }
 * }</pre>
 */
public final class RunReport {
  /** What the report is called in a run's folder. */
  public static final String FILE = "report.html";

  private final RunRecord run;
  private final List<String> notes = new ArrayList<>();
  private Measurement measured; // null before
  private RunData images;

  /** Begins the report of a run. */
  public RunReport(RunRecord run) {
    this.run = run;
  }

  /** Adds a sentence that stands at the top, such as why something is missing. */
  public RunReport note(String sentence) {
    notes.add(sentence);
    return this;
  }

  /**
   * Loads the run's model, if it has one, and runs it over the test images.
   *
   * @param data the run's images; null leaves out what needs them
   * @param backend the engine to run it on
   * @param progress hears how many test images are done
   * @throws IOException when the model cannot be read
   * @throws InvalidInputException when the model or the images cannot be used
   */
  public RunReport measure(RunData data, Backend backend, IntConsumer progress) throws IOException {
    if (run.model() == null) {
      return note("No epoch has ended: there is no model yet.");
    }
    if (data != null && !run.wasTestedOn(data)) {
      note("The test images are others than those of the run; what is shown of them is of now.");
    }
    measured = Measurement.of(run, data, backend, progress);
    images = data;
    return this;
  }

  /**
   * Returns the page.
   *
   * @throws IOException when the model cannot be read
   */
  public Page page() throws IOException {
    Page page = new Page("Run " + run.name());
    if (run.isOfSample()) {
      page.paragraph("These are figures of a sample of Fashion-MNIST, not of the whole set.");
    }
    notes.forEach(page::paragraph);
    Progress.add(page, run, measured == null ? null : measured.evaluation());
    if (measured != null && images != null) {
      new AnswerParts(measured, images).add(page);
      ImageParts.samples(page, run, images);
    }
    if (run.model() != null) {
      page.section("First layer")
          .paragraph("The filters of the first convolution, each in its own contrast.")
          .add(
              new Pictures(
                  List.of(new Pictures.Picture(FirstFilters.draw(run.model()), List.of()))));
    }
    if (measured != null) {
      page.section("Net")
          .paragraph("Outputs and million multiply-adds are those of one image, forward.")
          .add(
              new Table(
                  List.of("layer", "type", "output", "parameters", "MMACs"), measured.layers()));
    }
    SettingParts.add(page, run);
    return page;
  }
}
