package org.vgg4j.optim;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What is done about an update besides the optimizer's rule.
 *
 * @param clipNorm the largest norm of all gradients together; larger ones are scaled down to it. 0
 *     for no limit
 * @param averageDecay the share of the old average in a running average of the weights, which is
 *     what is tested then; 0 for no average
 * @param headLearningRate the learning rate at the start for the last layer; 0 for that of the
 *     others
 * @param frozen the layers that are not trained: features, classifier, which is all of it but the
 *     last layer, or names such as features.3
 */
public record UpdateOptions(
    double clipNorm, double averageDecay, double headLearningRate, List<String> frozen) {
  /** The optimizer's rule alone, for all layers. */
  public static final UpdateOptions NONE = new UpdateOptions(0, 0, 0, List.of());

  /** Checks the numbers; names are checked against the net that is trained. */
  public UpdateOptions {
    frozen = List.copyOf(frozen);
    if (!(clipNorm >= 0) || Double.isInfinite(clipNorm)) {
      throw InvalidInputException.of(
          "clipNorm", "must be positive and finite, or 0 for none, not " + clipNorm);
    }
    if (!(averageDecay >= 0 && averageDecay < 1)) {
      throw InvalidInputException.of(
          "ema", "must be between 0 and 1, such as 0.999, or 0 for none, not " + averageDecay);
    }
    if (!(headLearningRate >= 0) || Double.isInfinite(headLearningRate)) {
      throw InvalidInputException.of(
          "headLearningRate",
          "must be positive and finite, or 0 for that of the others, not " + headLearningRate);
    }
  }

  /** Returns these options with another limit of the gradients' norm. */
  public UpdateOptions withClipNorm(double other) {
    return new UpdateOptions(other, averageDecay, headLearningRate, frozen);
  }

  /** Returns these options with another average of the weights. */
  public UpdateOptions withAverageDecay(double other) {
    return new UpdateOptions(clipNorm, other, headLearningRate, frozen);
  }

  /** Returns these options with another learning rate of the last layer. */
  public UpdateOptions withHeadLearningRate(double other) {
    return new UpdateOptions(clipNorm, averageDecay, other, frozen);
  }

  /** Returns these options with other frozen layers. */
  public UpdateOptions withFrozen(String... names) {
    return new UpdateOptions(clipNorm, averageDecay, headLearningRate, List.of(names));
  }

  /** Returns what is done in words, a phrase each. */
  public List<String> texts() {
    List<String> texts = new ArrayList<>();
    if (clips()) {
      texts.add("gradients clipped to a norm of " + clipNorm);
    }
    if (averages()) {
      texts.add(
          "weights averaged, with "
              + averageDecay
              + " of the average kept in each step; the average is tested and is the model");
    }
    if (headLearningRate > 0) {
      texts.add("the last layer starts at the learning rate " + headLearningRate);
    }
    if (!frozen.isEmpty()) {
      texts.add("frozen: " + String.join(", ", frozen));
    }
    return texts;
  }

  /** Returns whether gradients are clipped. */
  public boolean clips() {
    return clipNorm > 0;
  }

  /** Returns whether the weights are averaged. */
  public boolean averages() {
    return averageDecay > 0;
  }
}
