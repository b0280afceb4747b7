package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.decoding.DecodingListener;

/** The progress of decoding: a bar a set on a terminal, a line at its start and end elsewhere. */
final class DecodingProgress implements DecodingListener, AutoCloseable {
  private final PrintWriter err;
  private final List<String> lines = new ArrayList<>(); // to be said below the bar
  private Bar bar;
  private long start;

  DecodingProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void progress(String name, int done, int total) {
    if (done == 0) {
      start = System.nanoTime();
      if (Terminal.isInteractive()) {
        bar = new Bar("decoding " + name, total, " images", 1);
      } else {
        report("decoding the %s pictures of %s".formatted(Bytes.count(total), name));
      }
    }
    if (bar != null) {
      bar.to(done);
    }
    if (done == total) {
      close();
      double seconds = (System.nanoTime() - start) / 1e9;
      report(
          "decoded %s in %s (%s images/s)"
              .formatted(name, Bar.duration(seconds), Bytes.count(Math.round(total / seconds))));
    }
  }

  @Override
  public void report(String line) {
    if (bar != null) {
      lines.add(line);
      return;
    }
    err.println(line);
    err.flush();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
      lines.forEach(this::report);
      lines.clear();
    }
  }
}
