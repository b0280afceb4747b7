package org.vgg4j.evaluation;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
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
  /** The classes that a message names. */
  private static final int MOST_NAMES = 20;

  private Evaluator() {}

  /**
   * Runs the net over all images in evaluation mode and counts each class's answers, for which it
   * reads the logits of every batch.
   *
   * @param preprocessing the one used to train the net
   * @throws InvalidInputException when the classes or the images do not fit the net
   */
  public static Evaluation evaluate(Vgg vgg, Preprocessing preprocessing, ImageSource data) {
    return evaluate(vgg, preprocessing, data, (image, label, logProbabilities) -> {});
  }

  /** Measures a net as above. */
  public static Evaluation evaluate(
      Vgg vgg, Preprocessing preprocessing, ImageSource data, AnswerListener listener) {
    int classes = vgg.config().classes();
    requireClasses(vgg.config(), data);
    Tally tally = new Tally(classes);
    int[] image = new int[1];
    Predictor.run(
        vgg,
        preprocessing,
        data,
        (label, logits, offset) -> {
          double[] row = Softmax.logSoftmax(logits, offset, classes);
          tally.add(label, row);
          listener.answered(image[0]++, label, row);
        });
    return tally.evaluation(data.classNames());
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
    int batchSize = vgg.network().options().batchSizes().get(0);
    BatchSchedule schedule = new BatchSchedule(feed.data().size(), batchSize, 1, Shard.WHOLE);
    return totals(vgg, feed, schedule, stopped);
  }

  /**
   * Does the same for one device's share of the images, which may be none.
   *
   * @param schedule whose slices are at most as large as the largest batch of the net
   */
  public static LossTotals totals(
      Vgg vgg, DataFeed feed, BatchSchedule schedule, BooleanSupplier stopped) {
    Network network = vgg.network();
    Backend backend = network.backend();
    StepState state = network.stepState();
    Execution at = network.execution(network.options().batchSizes().get(0));
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
   * Checks that a data set's classes are those that a net was trained for, where both have names
   * and not only numbers.
   *
   * @param trained the names of the net's classes
   * @param data the data set's name in messages
   * @param names the names of its classes, as many
   * @throws InvalidInputException when they differ
   */
  public static void requireClassNames(List<String> trained, String data, List<String> names) {
    List<String> numbers = IntStream.range(0, names.size()).mapToObj(String::valueOf).toList();
    for (int c = 0; c < names.size() && !names.equals(numbers) && !trained.equals(numbers); c++) {
      if (!names.get(c).equals(trained.get(c))) {
        throw InvalidInputException.of(
            "data",
            "has other classes than the model: class %d of %s is %s, that of the model %s"
                .formatted(c, data, names.get(c), trained.get(c)));
      }
    }
  }

  /**
   * Checks that a data set has as many classes as a net.
   *
   * @throws InvalidInputException when it has more or fewer
   */
  public static void requireClasses(VggConfig net, ImageSource data) {
    requireClasses(net, data.name(), data.classNames());
  }

  /** Checks it before the data set is opened, of which the classes' names are known. */
  public static void requireClasses(VggConfig net, String data, List<String> names) {
    if (names.size() != net.classes()) {
      throw InvalidInputException.of(
          "classes",
          "must be %d for %s (%s), not %d"
              .formatted(names.size(), data, some(names), net.classes()));
    }
  }

  private static String some(List<String> names) {
    return names.size() <= MOST_NAMES
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, MOST_NAMES)) + ", ...";
  }
}
