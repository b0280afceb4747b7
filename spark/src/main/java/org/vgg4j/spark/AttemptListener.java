package org.vgg4j.spark;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import scala.jdk.javaapi.CollectionConverters;

/** What Spark tells of one attempt: its tasks' begins and ends, and what they write down. */
final class AttemptListener extends SparkListener {
  /** The property of the job that says which attempt it is. */
  static final String PROPERTY = "vgg4j.attempt";

  private final String name;
  private final String journal;
  private final BlockingQueue<Journal.Page> pages = new LinkedBlockingQueue<>();
  private final Set<Integer> stages = new HashSet<>();
  private final Map<Integer, TaskInfo> running = new HashMap<>(); // by rank
  private Lost lost; // the first task that ended with its process

  /**
   * A worker whose process ended.
   *
   * @param why in Spark's words
   */
  record Lost(int rank, String host, String why) {}

  AttemptListener(String name, String journal) {
    this.name = name;
    this.journal = journal;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    if (properties != null && name.equals(properties.getProperty(PROPERTY))) {
      CollectionConverters.asJava(start.stageIds()).forEach(id -> stages.add((Integer) id));
    }
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    if (stages.contains(start.stageId())) {
      running.put(start.taskInfo().index(), start.taskInfo());
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    if (!stages.contains(end.stageId())) {
      return;
    }
    TaskInfo task = end.taskInfo();
    running.remove(task.index());
    notifyAll();
    if (lost == null
        && end.reason() instanceof TaskFailedReason failed
        && !(failed instanceof TaskKilled)) {
      String why =
          failed instanceof ExecutorLostFailure gone && gone.reason().isDefined()
              ? "its process ended: " + gone.reason().get()
              : failed.toErrorString();
      lost = new Lost(task.index(), task.host(), why.lines().findFirst().orElse(why).strip());
    }
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    for (var task : CollectionConverters.asJava(update.accumUpdates())) {
      for (AccumulableInfo info : CollectionConverters.asJava(task._4())) {
        if (info.name().isDefined()
            && info.name().get().equals(journal)
            && info.update().isDefined()
            && info.update().get() instanceof Journal.Page page) {
          pages.add(page);
        }
      }
    }
  }

  /** Returns what a worker wrote down since it was asked last, null for nothing. */
  Journal.Page nextPage() {
    return pages.poll();
  }

  /** Returns the first worker whose process ended, null for none. */
  synchronized Lost lost() {
    return lost;
  }

  /** Returns the tasks that run, by rank. */
  synchronized Map<Integer, TaskInfo> running() {
    return Map.copyOf(running);
  }

  /** Waits until no task runs any more; returns whether that is so in time. */
  synchronized boolean awaitEnd(long millis) throws InterruptedException {
    long end = System.nanoTime() + millis * 1_000_000;
    while (!running.isEmpty()) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }
}
