package org.vgg4j.evaluation;

import java.util.function.BooleanSupplier;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.Preprocessing;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.InvalidInputException;

/** Measures a net on a labelled data set. */
public final class Evaluator {
  private Evaluator() {}

  /**
   * Runs the net over all images in evaluation mode.
   *
   * @param preprocessing the one used to train the net
   * @throws InvalidInputException when the classes or the images do not fit the net
   */
  public static Evaluation evaluate(Vgg vgg, Preprocessing preprocessing, ImageSource data) {
    return evaluate(vgg, preprocessing, data, () -> false);
  }

  /** Evaluates until {@code stopped} is true; returns null when stopped. */
  public static Evaluation evaluate(
      Vgg vgg, Preprocessing preprocessing, ImageSource data, BooleanSupplier stopped) {
    int classes = vgg.config().classes();
    requireClasses(vgg.config(), data);
    long[][] confusion = new long[classes][classes];
    double[] lossSum = new double[1];
    boolean whole =
        Predictor.run(
            vgg,
            preprocessing,
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
