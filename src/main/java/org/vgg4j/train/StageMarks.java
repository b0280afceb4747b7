package org.vgg4j.train;

import org.vgg4j.nn.Stage;
import org.vgg4j.nn.StageListener;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;

/** Makes a section of each stage, and passes every event on to the listener that was there. */
record StageMarks(StepMarks marks, StageListener others) implements StageListener {
  @Override
  public void beforeForward(Stage stage) {
    marks.begin(StepPart.FORWARD, stage.name(), stage.work());
    others.beforeForward(stage);
  }

  @Override
  public void afterForward(Stage stage) {
    others.afterForward(stage);
  }

  @Override
  public void beforeForwardAgain(Stage stage) {
    marks.begin(StepPart.FORWARD, stage.name() + " again", stage.work());
    others.beforeForwardAgain(stage);
  }

  @Override
  public void afterForwardAgain(Stage stage) {
    others.afterForwardAgain(stage);
  }

  @Override
  public void beforeBackward(Stage stage) {
    marks.begin(StepPart.BACKWARD, stage.name(), stage.work());
    others.beforeBackward(stage);
  }

  @Override
  public void afterBackward(Stage stage) {
    others.afterBackward(stage);
  }
}
