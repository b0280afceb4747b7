package org.vgg4j.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.scheduler.TaskInfo;
import scala.Function0;
import scala.Function1;
import scala.Function2;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * One try of a training: a barrier stage with a task for each rank. Tasks return what became of
 * them rather than throw, so that a rank that fails does not make Spark silence those that saw it.
 *
 * <p>Spark would try a failed barrier stage again by itself, were a shuffle behind it; the training
 * does so instead: it knows the reason, may say it, and does not try in vain.
 */
final class Attempt {
  /** How long the other ranks have to say something after the first one failed. */
  private static final long LAST_WORDS_MILLIS = 1500;

  /** How long to wait for tasks that should end. */
  private static final long END_MILLIS = 15_000;

  /** How long a training may take to stop: a checkpoint is written. */
  private static final long STOP_MILLIS = 300_000;

  private static final long PAUSE_MILLIS = 50;

  private final JavaSparkContext java;
  private final SparkContext context;
  private final int workers;
  private final Job job;
  private final Journal journal = new Journal();
  private final String name = UUID.randomUUID().toString();
  private final AttemptListener listener = new AttemptListener(name, "vgg4j " + name);
  private final Map<Integer, Outcome> outcomes = new ConcurrentHashMap<>();
  private final Map<Integer, Event.Began> begun = new ConcurrentHashMap<>();
  private final Consumer<Journal.Page> pages;

  /** What a Java function must be for Spark to send it. */
  interface Task<A, B> extends Function1<A, B>, Serializable {}

  private interface Handler<A, B, C> extends Function2<A, B, C>, Serializable {}

  private interface Result<A> extends Function0<A>, Serializable {}

  /**
   * What became of it.
   *
   * @param isDone whether the training is done, or stopped as it should
   * @param refusal why no attempt can do it, null where one can
   * @param cause who failed, where and why; null when it is done
   */
  record End(boolean isDone, Outcome refusal, String cause) {}

  Attempt(JavaSparkContext context, int workers, Job job, Consumer<Journal.Page> pages) {
    this.java = context;
    this.context = context.sc();
    this.workers = workers;
    this.job = job;
    this.pages = pages;
  }

  /**
   * Runs it.
   *
   * @param stopping whether the training should stop
   */
  End run(String description, BooleanSupplier stopping) throws InterruptedException {
    context.register(journal, "vgg4j " + name);
    context.addSparkListener(listener);
    try {
      context.setLocalProperty(AttemptListener.PROPERTY, name);
      context.setLocalProperty("spark.job.description", description);
      SimpleFutureAction<Integer> future = submit();
      boolean isStopped = follow(future, stopping);
      drain();
      return isStopped ? new End(true, null, null) : end(future);
    } finally {
      context.setLocalProperty(AttemptListener.PROPERTY, null);
      context.setLocalProperty("spark.job.description", null);
      context.removeSparkListener(listener);
    }
  }

  private SimpleFutureAction<Integer> submit() {
    List<Integer> ranks = IntStream.range(0, workers).boxed().toList();
    Job sent = job;
    Journal written = journal;
    Task<Iterator<Integer>, Iterator<Outcome>> body =
        own -> CollectionConverters.asScala(List.of(RankTask.run(sent, written)).iterator());
    RDD<Outcome> results =
        java.parallelize(ranks, workers)
            .rdd()
            .barrier()
            .mapPartitions(body, false, ClassTag$.MODULE$.apply(Outcome.class));
    Task<Iterator<Outcome>, Outcome> first = all -> all.next();
    Handler<Object, Outcome, BoxedUnit> taken =
        (rank, outcome) -> {
          outcomes.put((Integer) rank, outcome);
          return BoxedUnit.UNIT;
        };
    Result<Integer> nothing = () -> 0;
    List<Object> partitions = new ArrayList<>(ranks);
    return context.submitJob(
        results, first, CollectionConverters.asScala(partitions).toSeq(), taken, nothing);
  }

  /** Waits for the end; returns whether the training was stopped from outside. */
  private boolean follow(SimpleFutureAction<Integer> future, BooleanSupplier stopping)
      throws InterruptedException {
    long firstFailure = 0;
    while (!future.isCompleted()) {
      drain();
      if (stopping.getAsBoolean()) {
        future.cancel(); // the tasks see it, stop at the same step and write a checkpoint
        return listener.awaitEnd(STOP_MILLIS);
      }
      boolean isFailing = outcomes.values().stream().anyMatch(one -> one.end() != Outcome.End.DONE);
      if (isFailing && firstFailure == 0) {
        firstFailure = System.nanoTime();
      }
      if (isFailing && (System.nanoTime() - firstFailure) / 1_000_000 > LAST_WORDS_MILLIS) {
        break;
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    return false;
  }

  private End end(SimpleFutureAction<Integer> future) throws InterruptedException {
    Map<Integer, TaskInfo> silent = listener.running();
    if (!future.isCompleted()) {
      future.cancel();
    }
    boolean isDone =
        outcomes.size() == workers
            && outcomes.values().stream().allMatch(one -> one.end() == Outcome.End.DONE);
    if (isDone) {
      return new End(true, null, null);
    }
    Outcome refusal = first(Outcome.End.REFUSED);
    String cause = refusal != null ? refusal.told() : cause(future, silent); // before any is killed
    // Where Spark lost a worker it has asked the others to end, which see it for themselves.
    if (!listener.awaitEnd(outcomes.isEmpty() ? END_MILLIS : 0)) {
      listener.running().forEach(this::kill);
      listener.awaitEnd(END_MILLIS);
    }
    drain();
    return new End(false, refusal, cause);
  }

  /** Ends the process of a task that does not end, so that its place is free again. */
  private void kill(int rank, TaskInfo task) {
    Event.Began who = begun.get(rank);
    if (job.oneMachine() && who != null) {
      // A stopped process does not hear Spark's request, which would kill it after ten seconds.
      ProcessHandle.of(who.process()).ifPresent(ProcessHandle::destroyForcibly);
    }
    context.killAndReplaceExecutor(task.executorId());
  }

  /** Returns who failed first, as far as anybody knows. */
  private String cause(SimpleFutureAction<Integer> future, Map<Integer, TaskInfo> silent) {
    Outcome failed = first(Outcome.End.FAILED);
    if (failed != null) {
      return failed.told();
    }
    AttemptListener.Lost lost = listener.lost();
    Outcome witness = first(Outcome.End.PEER_LOST);
    if (lost != null) {
      return "rank %d on %s: %s".formatted(lost.rank(), lost.host(), lost.why());
    }
    if (witness != null) {
      String others =
          silent.isEmpty()
              ? ""
              : silent.entrySet().stream()
                  .map(
                      one ->
                          "; no word of rank %d on %s"
                              .formatted(one.getKey(), one.getValue().host()))
                  .findFirst()
                  .orElse("");
      return witness.told() + others;
    }
    return future.value().isDefined() && future.value().get().isFailure()
        ? Outcome.line(future.value().get().failed().get())
        : "nobody said why";
  }

  private Outcome first(Outcome.End end) {
    return outcomes.values().stream()
        .filter(one -> one.end() == end)
        .min((a, b) -> Integer.compare(a.rank(), b.rank()))
        .orElse(null);
  }

  /** Passes on what workers wrote down. */
  private void drain() {
    for (Journal.Page page = listener.nextPage(); page != null; page = listener.nextPage()) {
      pass(page);
    }
    outcomes.values().forEach(one -> pass(one.page()));
  }

  private void pass(Journal.Page page) {
    for (Journal.Entry entry : page.entries()) {
      if (entry.event() instanceof Event.Began who) {
        begun.put(who.rank(), who);
      }
    }
    pages.accept(page);
  }
}
