package org.vgg4j.evaluation;

import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.nn.Execution;

/** A pass whose batches the host prepares and uploads. */
final class HostPass implements BatchPass {
  private final ImageFeed feed;
  private final BatchSchedule schedule;
  private final BatchLoader loader;
  private Batch batch;

  HostPass(ImageFeed feed, BatchSchedule schedule, ImageViews views, int[] order, int firstBatch) {
    this.feed = feed;
    this.schedule = schedule;
    loader = feed.loader(schedule, views, order, firstBatch);
  }

  @Override
  public boolean next() {
    batch = loader.next();
    return batch != null;
  }

  @Override
  public int index() {
    return batch.index();
  }

  @Override
  public int size() {
    return batch.size();
  }

  @Override
  public long bytes() {
    return batch.bytes();
  }

  @Override
  public long first() {
    return schedule.begin(batch.index());
  }

  @Override
  public void load(Execution at) {
    feed.load(batch, at);
  }

  @Override
  public void close() {
    loader.close();
  }
}
