package org.vgg4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.IntConsumer;
import org.vgg4j.evaluation.AnswerListener;

/** Keeps the answers of an evaluation that a person wants to see. */
final class Answers implements AnswerListener {
  /**
   * An answer.
   *
   * @param image the image's number
   * @param label its class
   * @param answer the class that the net took it for
   * @param sure the probability of that class
   * @param right the probability of the image's own class
   */
  record Answer(int image, int label, int answer, double sure, double right) {}

  private static final Comparator<Answer> BY_IMAGE = Comparator.comparingInt(Answer::image);

  /** The first is the most wrong. */
  private static final Comparator<Answer> MOST_WRONG =
      Comparator.comparingDouble(Answer::right).thenComparing(BY_IMAGE);

  /** The first is the least sure. */
  private static final Comparator<Answer> LEAST_SURE =
      Comparator.comparingDouble(Answer::sure).thenComparing(BY_IMAGE);

  private final int most;
  private final IntConsumer progress;
  private final PriorityQueue<Answer> wrong = new PriorityQueue<>(MOST_WRONG.reversed());
  private final PriorityQueue<Answer> unsure = new PriorityQueue<>(LEAST_SURE.reversed());
  private int undecided;

  /**
   * Takes how many of each kind are kept.
   *
   * @param progress hears how many images are done
   */
  Answers(int most, IntConsumer progress) {
    this.most = most;
    this.progress = progress;
  }

  @Override
  public void answered(int image, int label, double[] logProbabilities) {
    int best = 0;
    for (int c = 1; c < logProbabilities.length; c++) {
      best = logProbabilities[c] > logProbabilities[best] ? c : best;
    }
    double right = Math.exp(logProbabilities[label]);
    Answer answer = new Answer(image, label, best, Math.exp(logProbabilities[best]), right);
    progress.accept(image + 1);
    if (!Double.isFinite(answer.sure()) || !Double.isFinite(right)) {
      undecided++;
      return;
    }
    keep(unsure, answer);
    if (best != label) {
      keep(wrong, answer);
    }
  }

  private void keep(PriorityQueue<Answer> kept, Answer answer) {
    kept.add(answer);
    if (kept.size() > most) {
      kept.remove();
    }
  }

  /** Returns wrong answers whose class had the least probability, the least first. */
  List<Answer> wrong() {
    return sorted(wrong, MOST_WRONG);
  }

  /** Returns answers of the least probability, the least first. */
  List<Answer> unsure() {
    return sorted(unsure, LEAST_SURE);
  }

  /** Returns how many images got no finite probability. */
  int undecided() {
    return undecided;
  }

  private static List<Answer> sorted(PriorityQueue<Answer> kept, Comparator<Answer> order) {
    List<Answer> sorted = new ArrayList<>(kept);
    sorted.sort(order);
    return sorted;
  }
}
