package org.vgg4j.paper;

import org.vgg4j.evaluation.Evaluation;

/**
 * The shares of pictures that are answered wrongly, in percent.
 *
 * @param top1 whose class is not the first answer
 * @param top5 whose class is not among the first five
 */
record Errors(double top1, double top5) {
  static Errors of(Evaluation evaluation) {
    return new Errors(100 * (1 - evaluation.accuracy()), 100 * (1 - evaluation.topFiveAccuracy()));
  }
}
