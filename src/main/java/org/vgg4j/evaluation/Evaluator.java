package org.vgg4j.evaluation;

import java.util.function.BooleanSupplier;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.InvalidInputException;

/** Measures a net on a labelled data set. */
public final class Evaluator {
  private Evaluator() {}

  /**
   * Runs the net over the whole data set in evaluation mode.
   *
   * @throws InvalidInputException when the data set has more classes than the net
   */
  public static Evaluation evaluate(Vgg vgg, ImageDataset data) {
    return evaluate(vgg, data, () -> false);
  }

  /** Evaluates as {@link #evaluate(Vgg, ImageDataset)}; returns null when it was stopped. */
  public static Evaluation evaluate(Vgg vgg, ImageDataset data, BooleanSupplier stopped) {
    int classes = vgg.config().classes();
    requireClasses(vgg.config(), data);
    long[][] confusion = new long[classes][classes];
    double[] lossSum = new double[1];
    boolean whole =
        Predictor.run(
            vgg,
            data,
            (label, logits, offset) -> {
              double[] row = Softmax.logSoftmax(logits, offset, classes);
              lossSum[0] -= row[label];
              confusion[label][Softmax.argMax(logits, offset, classes)]++;
            },
            stopped);
    return whole ? new Evaluation(lossSum[0] / data.size(), confusion, data.classNames()) : null;
  }

  /**
   * Checks that a data set has the classes of a net.
   *
   * @throws InvalidInputException when it has more or fewer
   */
  public static void requireClasses(VggConfig net, ImageDataset data) {
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
