package org.vgg4j.train;

import java.util.Arrays;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.nn.Vgg;
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
    int classes = vgg.config().classes();
    requireClasses(vgg, data);
    long[][] confusion = new long[classes][classes];
    double[] lossSum = new double[1];
    Predictor.run(
        vgg,
        data,
        (label, logits, offset) -> {
          double[] row = Softmax.logSoftmax(logits, offset, classes);
          lossSum[0] -= row[label];
          confusion[label][Softmax.argMax(logits, offset, classes)]++;
        });
    return new Evaluation(lossSum[0] / data.size(), confusion, data.classNames());
  }

  static void requireClasses(Vgg vgg, ImageDataset data) {
    int classes = vgg.config().classes();
    if (data.classNames().size() != classes) {
      throw new InvalidInputException(
          "the net has "
              + classes
              + " classes and the data set "
              + data.name()
              + " has "
              + data.classNames().size()
              + ": "
              + Arrays.toString(data.classNames().toArray()));
    }
  }
}
