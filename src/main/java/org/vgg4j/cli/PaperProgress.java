package org.vgg4j.cli;

import java.io.PrintWriter;
import org.vgg4j.paper.Study;
import org.vgg4j.train.TrainingListener;

/** The progress of a comparison: a line for each training and test, with the bar of each. */
final class PaperProgress implements Study.Listener, AutoCloseable {
  private final PrintWriter err;
  private TrainingProgress training;
  private Bar bar;
  private String test;

  PaperProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public TrainingListener training(String name, int number, int of, int epochs) {
    close();
    say("[%d/%d] training %s".formatted(number, of, name));
    training = new TrainingProgress(err, epochs);
    return training;
  }

  @Override
  public void testing(String name, int number, int of) {
    close();
    test = name;
    say("[%d/%d] testing %s".formatted(number, of, name));
  }

  @Override
  public void tested(long images, long of) {
    if (bar == null && Terminal.isInteractive()) {
      bar = new Bar(test, of, " images", 1);
    }
    if (bar != null) {
      bar.to(images);
    }
  }

  private void say(String line) {
    err.println(line);
    err.flush();
  }

  @Override
  public void close() {
    if (training != null) {
      training.close();
      training = null;
    }
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
