package org.vgg4j.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Vgg;

/** Computes what a net knows of images before its last layer: 4096 values each at full width. */
public final class FeatureExtractor {
  private FeatureExtractor() {}

  /** Receives the features of each image, in order. */
  public interface Consumer {
    /**
     * Receives one image's features.
     *
     * @param label the image's label
     * @param features its features, which the next image overwrites
     */
    void accept(int label, float[] features) throws IOException;
  }

  /**
   * Runs a net over all images in evaluation mode.
   *
   * @param vgg a net without its last layer: {@code ModelFile.loadFeatures}
   * @param preprocessing the one used to train the net
   * @throws IOException what the consumer throws
   * @throws org.vgg4j.tensor.InvalidInputException when the images do not fit the net
   */
  public static void run(
      Vgg vgg, Preprocessing preprocessing, ImageSource images, Consumer consumer)
      throws IOException {
    float[] features = new float[vgg.config().hiddenFeatures()];
    try {
      Predictor.run(
          vgg,
          preprocessing,
          images,
          (label, outputs, offset) -> {
            for (int i = 0; i < features.length; i++) {
              features[i] = (float) outputs[offset + i];
            }
            try {
              consumer.accept(label, features);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
