package org.vgg4j.cli;

import java.io.PrintWriter;
import org.vgg4j.data.sets.DownloadListener;

/** A download's progress: a bar a file on a terminal, a line a file elsewhere. */
final class DownloadProgress implements DownloadListener, AutoCloseable {
  private final PrintWriter err;
  private String file = "";
  private Bar bar;

  DownloadProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void progress(String name, long done, long total) {
    if (!name.equals(file)) {
      close();
      file = name;
      if (Terminal.isInteractive()) {
        bar = new Bar(name, Math.max(total, 1), " kB", 1000);
      } else {
        err.println("downloading " + name);
        err.flush();
      }
    }
    if (bar != null) {
      bar.to(done);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
