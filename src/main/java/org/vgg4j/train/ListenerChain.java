package org.vgg4j.train;

import org.vgg4j.evaluation.ImagePlace;

/** Forwards events to several listeners. */
final class ListenerChain implements TrainingListener {
  private final TrainingListener[] listeners;

  ListenerChain(TrainingListener... listeners) {
    this.listeners = listeners.clone();
  }

  @Override
  public void dataPlaced(ImagePlace train, ImagePlace test) {
    for (TrainingListener listener : listeners) {
      listener.dataPlaced(train, test);
    }
  }

  @Override
  public void epochStarted(int epoch, int steps, int images) {
    for (TrainingListener listener : listeners) {
      listener.epochStarted(epoch, steps, images);
    }
  }

  @Override
  public void stepDone(long step) {
    for (TrainingListener listener : listeners) {
      listener.stepDone(step);
    }
  }

  @Override
  public void stepFinished(int epoch, int step, int images, double meanLoss) {
    for (TrainingListener listener : listeners) {
      listener.stepFinished(epoch, step, images, meanLoss);
    }
  }

  @Override
  public void evaluationStarted(int epoch) {
    for (TrainingListener listener : listeners) {
      listener.evaluationStarted(epoch);
    }
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    for (TrainingListener listener : listeners) {
      listener.epochFinished(metrics);
    }
  }
}
