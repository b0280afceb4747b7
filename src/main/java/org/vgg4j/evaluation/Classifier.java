package org.vgg4j.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Vgg;

/** Classifies images, such as those of {@link org.vgg4j.data.decoding.PictureFiles}. */
public final class Classifier {
  private Classifier() {}

  /**
   * A class predicted for an image.
   *
   * @param label the class's number
   * @param className its name
   * @param probability its softmax probability, in [0, 1]
   */
  public record Answer(int label, String className, double probability) {}

  /**
   * Returns the most probable classes of each image, best first; ties go to the lower label.
   *
   * @param preprocessing the one used to train the net: that of the loaded model file
   * @param classNames the names of the net's classes
   * @param images the images; their labels are ignored
   * @param count classes per image, or all when there are fewer
   */
  public static List<List<Answer>> top(
      Vgg vgg,
      Preprocessing preprocessing,
      List<String> classNames,
      ImageSource images,
      int count) {
    int classes = vgg.config().classes();
    List<List<Answer>> answers = new ArrayList<>();
    Predictor.run(
        vgg,
        preprocessing,
        images,
        (label, logits, offset) -> {
          double[] logs = Softmax.logSoftmax(logits, offset, classes);
          answers.add(
              IntStream.range(0, classes)
                  .mapToObj(c -> new Answer(c, classNames.get(c), Math.exp(logs[c])))
                  .sorted(Comparator.comparingDouble(Answer::probability).reversed())
                  .limit(count)
                  .toList());
        });
    return answers;
  }
}
