package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.run.Recipe;
import org.vgg4j.train.TrainingOptions;

/** What a recipe trains with, a paragraph each. */
final class TrainingTable {
  private TrainingTable() {}

  /**
   * Prints the training.
   *
   * @param start what is said of weights from a file, a line each; empty when all are drawn
   */
  static void print(Recipe recipe, List<String> start, PrintWriter out) {
    TrainingOptions training = recipe.training();
    out.println();
    paragraph(
        out,
        "training (recipe %s): %d epochs in batches of %d%s"
            .formatted(
                recipe.name(),
                training.epochs(),
                training.batchSize(),
                training.accumulate() == 1
                    ? ""
                    : ", " + training.accumulate() + " batches a step"));
    paragraph(
        out,
        "optimizer: %s%s, weight decay %s"
            .formatted(
                recipe.optimizer(),
                recipe.optimizer().equals("sgd") ? " with momentum " + recipe.momentum() : "",
                recipe.weightDecay()));
    paragraph(
        out,
        "learning rate: %s, %s"
            .formatted(
                training.learningRate(), training.schedule().inWords(training.scheduleOptions())));
    paragraph(out, "images: %s".formatted(recipe.preprocessing()));
    if (!recipe.augmentation().isNone()) {
      paragraph(out, "training images: %s".formatted(recipe.augmentation()));
    }
    if (recipe.normalization().needsStatistics()) {
      paragraph(
          out,
          "normalized by the training images' %s"
              .formatted(
                  recipe.normalization() == Normalization.MEAN ? "mean" : "mean and deviation"));
    }
    paragraph(
        out,
        "weights: drawn by %s, seed %d"
            .formatted(recipe.initialization().label(), training.seed()));
    start.forEach(line -> paragraph(out, line));
    out.flush();
  }

  private static void paragraph(PrintWriter out, String text) {
    ForecastTable.paragraph(text, out);
  }
}
