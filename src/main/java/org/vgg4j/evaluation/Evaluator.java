package org.vgg4j.evaluation;

import java.util.function.BooleanSupplier;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.StepState;

/** Measures a net on a labelled data set. */
public final class Evaluator {
  private Evaluator() {}

  /**
   * Runs the net over all images in evaluation mode and counts each class's answers, for which it
   * reads the logits of every batch.
   *
   * @param preprocessing the one used to train the net
   * @throws InvalidInputException when the classes or the images do not fit the net
   */
  public static Evaluation evaluate(Vgg vgg, Preprocessing preprocessing, ImageSource data) {
    int classes = vgg.config().classes();
    requireClasses(vgg.config(), data);
    long[][] confusion = new long[classes][classes];
    double[] lossSum = new double[1];
    Predictor.run(
        vgg,
        preprocessing,
        data,
        (label, logits, offset) -> {
          double[] row = Softmax.logSoftmax(logits, offset, classes);
          lossSum[0] -= row[label];
          confusion[label][Softmax.argMax(logits, offset, classes)]++;
        });
    return new Evaluation(lossSum[0] / data.size(), confusion, data.classNames());
  }

  /**
   * Runs the net over all images in evaluation mode; the engine sums losses and right answers, and
   * nothing waits for it before the end. The net's own totals stay as they are.
   *
   * @param feed of images whose classes are the net's: {@link #requireClasses}
   * @param stopped looked at before each batch
   * @return the sums, null when stopped
   */
  public static LossTotals totals(Vgg vgg, DataFeed feed, BooleanSupplier stopped) {
    Network network = vgg.network();
    Backend backend = network.backend();
    StepState state = network.stepState();
    int batchSize = network.options().batchSizes().get(0);
    Execution at = network.execution(batchSize);
    BatchSchedule schedule = new BatchSchedule(feed.data().size(), batchSize, 1, Shard.WHOLE);
    try (LossAccumulator sums = backend.newLossAccumulator();
        CrossEntropyPlan loss = backend.crossEntropy(at.output(), state, sums);
        BatchPass pass = feed.pass(schedule, null, 0)) {
      while (pass.next()) {
        if (stopped.getAsBoolean()) {
          return null;
        }
        // A smaller last batch leaves other images in the other rows, which do not count: in
        // evaluation mode images do not affect each other.
        pass.load(at);
        state.setBatch(pass.size(), state.lossScale(), pass.first());
        loss.forward(at.forward(false), at.labels(), null);
      }
      return sums.read();
    }
  }

  /**
   * Checks that a data set has as many classes as a net.
   *
   * @throws InvalidInputException when it has more or fewer
   */
  public static void requireClasses(VggConfig net, ImageSource data) {
    int classes = data.classNames().size();
    if (classes != net.classes()) {
      throw InvalidInputException.of(
          "classes",
          "must be %d for %s (%s), not %d"
              .formatted(
                  classes, data.name(), String.join(", ", data.classNames()), net.classes()));
    }
  }
}
