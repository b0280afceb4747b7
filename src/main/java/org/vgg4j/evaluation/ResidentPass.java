package org.vgg4j.evaluation;

import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.nn.Execution;

/** A pass over images that lie in the engine's memory, in the order that lies there. */
final class ResidentPass implements BatchPass {
  private final ResidentImages images;
  private final BatchSchedule schedule;
  private int index; // of the batch

  ResidentPass(ResidentImages images, BatchSchedule schedule, int firstBatch) {
    this.images = images;
    this.schedule = schedule;
    index = firstBatch - 1;
  }

  @Override
  public boolean next() {
    int following = schedule.withImages(index + 1);
    if (following == schedule.passes()) {
      return false;
    }
    index = following;
    return true;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public int size() {
    return schedule.size(index);
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public long first() {
    return schedule.begin(index);
  }

  @Override
  public void load(Execution at) {
    at.startWith(images.at(at));
  }

  @Override
  public void close() {
    // The images stay for the next pass.
  }
}
