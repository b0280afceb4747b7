package org.vgg4j.report;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.model.ConfigHints;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Stage;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What a run's model says when it is loaded: its layers, and its answers to the test images.
 *
 * @param layers a row each: name, type, output, parameters, million multiply-adds
 * @param evaluation null without images
 * @param answers null without images
 */
record Measurement(List<List<String>> layers, Evaluation evaluation, Answers answers) {
  /** How many images of each kind are kept. */
  private static final int MOST = 12;

  /**
   * Loads the model and runs it over the test images, if there are some.
   *
   * @param images null for none
   * @param progress hears how many images are done
   * @throws IOException when the model cannot be read
   * @throws InvalidInputException when the model or the images cannot be used
   */
  static Measurement of(RunRecord run, RunData images, Backend backend, IntConsumer progress)
      throws IOException {
    int batch = images == null ? 1 : run.recipe().training().batchSize();
    NetworkOptions options = NetworkOptions.inference(batch);
    try (ModelFile.Loaded loaded =
        ModelFile.load(run.model(), ConfigHints.NONE, options, backend)) {
      List<List<String>> layers =
          loaded.vgg().network().memoryPlan().stages().stream().map(s -> row(s, batch)).toList();
      if (images == null) {
        return new Measurement(layers, null, null);
      }
      Answers answers = new Answers(MOST, progress);
      Evaluation evaluation =
          Evaluator.evaluate(loaded.vgg(), loaded.preprocessing(), images.test(), answers);
      return new Measurement(layers, evaluation, answers);
    }
  }

  private static List<String> row(Stage layer, int batch) {
    return List.of(
        layer.name(),
        layer.type(),
        layer.output().withoutBatch().toString(),
        String.format(Locale.ROOT, "%,d", layer.parameterCount()),
        String.format(Locale.ROOT, "%,.1f", layer.multiplyAdds() / (1e6 * batch)));
  }
}
