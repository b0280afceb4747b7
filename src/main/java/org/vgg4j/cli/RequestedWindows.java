package org.vgg4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.Locale;
import org.vgg4j.run.StepBenchmark.Pace;
import org.vgg4j.run.StepBenchmark.Window;

/** Windows of a benchmark that begin when a line is read, each answered by a line. */
final class RequestedWindows implements Pace {
  private final BufferedReader requests;
  private final PrintWriter answers;
  private final double images;
  private boolean isReady;

  /**
   * Made before the first window.
   *
   * @param images that a window takes
   */
  RequestedWindows(InputStream requests, PrintWriter answers, double images) {
    this.requests = new BufferedReader(new InputStreamReader(requests, Charset.defaultCharset()));
    this.answers = answers;
    this.images = images;
  }

  @Override
  public boolean mayBegin() {
    if (!isReady) {
      isReady = true;
      answer("ready");
    }
    try {
      return requests.readLine() != null;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read standard input", e);
    }
  }

  @Override
  public void ended(Window window) {
    answer(String.format(Locale.ROOT, "%.3f", images / window.seconds()));
  }

  private void answer(String line) {
    answers.println(line);
    answers.flush();
  }
}
