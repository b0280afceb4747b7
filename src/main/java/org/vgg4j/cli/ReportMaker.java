package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.report.RunReport;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Makes the report of a run.
 *
 * @param run what is reported
 * @param engine what runs its model over the test images
 * @param err where progress is shown
 */
record ReportMaker(RunRecord run, EngineOptions engine, PrintWriter err) {
  /** Finds the run's images and writes the report; without images it says so in it. */
  void write(Path file) throws IOException {
    RunData found;
    try {
      found = DataOptions.open(run.data(), err);
    } catch (InvalidInputException e) {
      RunReport report = new RunReport(run);
      report.note("The images are not at hand, so what needs them is left out: " + e.getMessage());
      write(report, null, file);
      return;
    }
    write(found, file);
  }

  /** Writes the report of a run whose images are open. */
  void write(RunData found, Path file) throws IOException {
    write(new RunReport(run), run.images(found), file);
  }

  private void write(RunReport report, RunData images, Path file) throws IOException {
    try (Backend backend = Backends.open(engine).backend();
        Progress progress = new Progress(images)) {
      report.measure(images, backend, progress::to);
    }
    report.page().write(file);
  }

  /** A bar, where somebody sees it. */
  private static final class Progress implements AutoCloseable {
    private final Bar bar;

    Progress(RunData images) {
      bar =
          images != null && Terminal.isInteractive()
              ? new Bar("report", images.test().size(), " images", 1)
              : null;
    }

    void to(int done) {
      if (bar != null) {
        bar.to(done);
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
