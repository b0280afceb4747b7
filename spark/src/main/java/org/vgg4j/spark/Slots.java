package org.vgg4j.spark;

import java.time.Duration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Whether Spark can run all workers at the same time. Without the question it would wait for long.
 */
final class Slots {
  private Slots() {}

  /**
   * Waits until there are enough.
   *
   * @throws InvalidInputException when there are not in time, or can never be
   */
  static void require(SparkContext context, int workers, Duration patience)
      throws InterruptedException {
    SparkConf conf = context.getConf();
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new InvalidInputException(
          "Spark changes the number of executors as it likes, and all workers must run at once: set"
              + " spark.dynamicAllocation.enabled=false and spark.executor.instances");
    }
    long end = System.nanoTime() + patience.toNanos();
    int slots = count(context);
    while (slots < workers && System.nanoTime() < end) {
      Thread.sleep(100);
      slots = count(context);
    }
    if (slots < workers) {
      throw new InvalidInputException(
          ("%d workers are asked for and Spark has room for %d tasks at once, after %d s: ask for"
                  + " fewer, or give it more executors or cores (spark.executor.instances,"
                  + " spark.executor.cores; a task takes %s cores)")
              .formatted(workers, slots, patience.toSeconds(), conf.get("spark.task.cpus", "1")));
    }
  }

  private static int count(SparkContext context) {
    return context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
  }
}
