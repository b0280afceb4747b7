package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import org.vgg4j.run.Recipe;
import org.vgg4j.train.TrainingOptions;

/** What a recipe trains with, a line each. */
final class TrainingTable {
  private TrainingTable() {}

  /**
   * Prints the training.
   *
   * @param start what is said of weights from a file, a line each; empty when all are drawn
   */
  static void print(Recipe recipe, List<String> start, PrintWriter out) {
    TrainingOptions training = recipe.training();
    boolean isSgd = recipe.optimizer().equals("sgd");
    out.println();
    out.printf("training (recipe %s):%n", recipe.name());
    out.printf(
        "  %s epochs in batches of %d%s%n",
        training.epochs(),
        training.batchSize(),
        training.accumulate() == 1 ? "" : ", " + training.accumulate() + " batches per update");
    out.printf(
        "  %s%s, weight decay %s%n",
        recipe.optimizer(),
        isSgd ? " with momentum " + recipe.momentum() : "",
        recipe.weightDecay());
    out.printf(
        "  learning rate %s, %s%n",
        training.learningRate(), training.schedule().inWords(training.scheduleOptions()));
    out.printf("  images: %s%n", recipe.preprocessing());
    out.printf(
        "  weights drawn by %s, seed %d%n", recipe.initialization().label(), training.seed());
    start.forEach(line -> out.println("  " + line));
    out.flush();
  }
}
