package org.vgg4j.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Backend;
import org.vgg4j.testing.TinyNets;
import org.vgg4j.train.TrainingStep;

/** Small trainings, each on an engine and a thread of its own. */
public final class TwoEngines {
  private static final int BATCH = 4;
  private static final int STEPS = 6;

  private TwoEngines() {}

  /** Trains alone, and returns the parameters and the loss. */
  public static List<double[]> alone(Supplier<Backend> engine, long seed) {
    return train(engine, seed, new CyclicBarrier(1));
  }

  /** Trains once on each engine, all at the same time, step beside step. */
  public static List<List<double[]>> together(List<Supplier<Backend>> engines) {
    ExecutorService threads = Executors.newFixedThreadPool(engines.size());
    try {
      CyclicBarrier barrier = new CyclicBarrier(engines.size());
      List<CompletableFuture<List<double[]>>> trainings = new ArrayList<>();
      for (int i = 0; i < engines.size(); i++) {
        Supplier<Backend> engine = engines.get(i);
        long seed = i;
        trainings.add(CompletableFuture.supplyAsync(() -> train(engine, seed, barrier), threads));
      }
      return trainings.stream().map(CompletableFuture::join).toList();
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<double[]> train(Supplier<Backend> opened, long seed, CyclicBarrier barrier) {
    try (Backend engine = opened.get();
        Vgg vgg =
            TinyNets.random(
                TinyNets.config("3,4,M,5,M", true, 3, 0.3),
                NetworkOptions.training(BATCH),
                engine);
        TrainingStep step = new TrainingStep(vgg.network(), new Adam(), false)) {
      Network net = vgg.network();
      Execution execution = net.execution(BATCH);
      Random random = new Random(seed);
      for (int i = 0; i < STEPS; i++) {
        barrier.await(60, TimeUnit.SECONDS);
        double[] pixels = random.doubles(BATCH * 64).toArray();
        net.input(BATCH).upload(pixels);
        execution.labels().upload(random.ints(BATCH, 0, 3).toArray());
        net.stepState().set(i, i, 1e-2, BATCH, 1.0 / BATCH);
        step.run(execution, true, true);
      }
      List<double[]> result = new ArrayList<>(TinyNets.state(vgg).values());
      result.add(new double[] {net.loss().totals().lossSum()});
      return result;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
