package org.vgg4j.spark;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.vgg4j.run.Workers;
import org.vgg4j.run.WorkersFailedException;
import org.vgg4j.spark.gloo.GlooCollective;
import org.vgg4j.train.EpochMetrics;

/**
 * The workers of {@code ./vgg train --workers N}: on the cluster that {@code spark-submit} named,
 * or else processes of this machine.
 */
public final class SparkWorkers implements Workers {
  @Override
  public EpochMetrics train(Plan plan) throws IOException, InterruptedException {
    SparkConf conf = new SparkConf().setIfMissing("spark.app.name", "vgg4j");
    boolean oneMachine = !conf.contains("spark.master");
    Map<String, String> settings = new HashMap<>(plan.settings());
    if (!oneMachine) {
      try (JavaSparkContext context = new JavaSparkContext(conf)) {
        plan.report().accept("%d workers on %s".formatted(plan.workers(), context.sc().master()));
        return training(plan, settings).run(context, plan.folder());
      }
    }
    int threads = LocalSpark.threads(plan.workers());
    if (!plan.resumes()) {
      settings.putIfAbsent("threads", Integer.toString(threads));
    }
    plan.report()
        .accept(
            "%d workers on this machine, processes of %s each, scheduled by Spark %s"
                .formatted(
                    plan.workers(),
                    threads == 1 ? "1 thread" : threads + " threads",
                    org.apache.spark.package$.MODULE$.SPARK_VERSION()));
    try (LocalSpark local = new LocalSpark(conf, plan.workers());
        JavaSparkContext context = local.start()) {
      // Unpacked once, here: workers that unpack at the same time may get in each other's way.
      GlooCollective.unpack();
      try {
        return training(plan, settings).onOneMachine().run(context, plan.folder());
      } catch (WorkersFailedException e) {
        plan.report().accept("the workers' logs are in " + local.keepLogs());
        throw e;
      }
    }
  }

  private static SparkTraining training(Plan plan, Map<String, String> settings) {
    SparkTraining training =
        SparkTraining.of(settings)
            .workers(plan.workers())
            .attempts(plan.attempts())
            .network(plan.network())
            .cudaLibraries(plan.cudaLibraries())
            .checkpoints(plan.checkpoints())
            .report(plan.report())
            .listener(plan.listener())
            .stopping(plan.stopping());
    if (plan.profile() > 0) {
      training.profile(plan.profile(), plan.table());
    }
    return plan.resumes() ? training.resuming() : training;
  }
}
