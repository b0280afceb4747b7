package org.vgg4j.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntBinaryOperator;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Tests a net as the paper does: over whole pictures, in many crops, at several scales.
 *
 * <p>Source: Simonyan and Zisserman, 2015, sections 3.2 and 4.
 */
public final class PaperTest {
  private PaperTest() {}

  /**
   * Runs a net over all images in evaluation mode, in batches of at most its largest batch size. A
   * dense test copies its weights within the engine's memory for as long as it runs, and plans a
   * shape at a time within {@code NetworkOptions.shapeBytes}.
   *
   * @param how the preprocessing that the net was trained with
   * @param stopped looked at before each batch
   * @return the mean of the probabilities over all that the net was shown of each image; null when
   *     stopped
   * @throws InvalidInputException when classes, images or scales do not fit the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public static Posteriors run(
      Vgg vgg,
      Preprocessing how,
      ImageSource data,
      TestOptions options,
      TestProgress progress,
      BooleanSupplier stopped) {
    Evaluator.requireClasses(vgg.config(), data);
    how.requireFits(vgg.config().channels(), vgg.config().imageSize());
    List<Integer> scales = options.scalesFor(how);
    PosteriorSums sums = new PosteriorSums(data, vgg.config().classes());
    boolean isDone =
        options.isPlain()
            ? plain(vgg, how, data, sums, progress, stopped)
            : new Scales(vgg, how, data, options, progress, stopped).run(scales, sums);
    return isDone ? sums.done() : null;
  }

  /** What an engine that preprocesses itself is best at. */
  private static boolean plain(
      Vgg vgg,
      Preprocessing how,
      ImageSource data,
      PosteriorSums sums,
      TestProgress progress,
      BooleanSupplier stopped) {
    int[] image = new int[1];
    return Predictor.run(
        vgg,
        how,
        data,
        (label, logits, offset) -> {
          sums.add(image[0]++, logits, offset, 1);
          progress.at(image[0], data.size());
        },
        stopped);
  }

  /** A test at scales. */
  private record Scales(
      Vgg vgg,
      Preprocessing how,
      ImageSource data,
      TestOptions options,
      TestProgress progress,
      BooleanSupplier stopped) {
    boolean run(List<Integer> scales, PosteriorSums sums) {
      try (Closing closing = new Closing()) {
        List<ScaleTest> tests = new ArrayList<>();
        IntBinaryOperator most = (height, width) -> vgg.network().options().batchSizes().get(0);
        if (options.dense()) {
          DenseTest dense = closing.own(new DenseTest(vgg, data, options.flip()));
          tests.add(dense);
          most = dense::most;
        }
        if (options.crops() || !options.dense()) {
          boolean flip = options.crops() || options.flip();
          tests.add(new WindowTest(vgg, how, options.crops(), flip));
        }
        double weight = 1.0 / (scales.size() * tests.size());
        for (int i = 0; i < scales.size(); i++) {
          try (WholePictures pictures = new WholePictures(data, how, scales.get(i), most)) {
            if (!run(pictures, i, scales, tests, weight, sums)) {
              return false;
            }
          }
        }
        tests.forEach(test -> test.finish(sums));
        return true;
      }
    }

    private boolean run(
        WholePictures pictures,
        int at,
        List<Integer> scales,
        List<ScaleTest> tests,
        double weight,
        PosteriorSums sums) {
      long done = (long) at * data.size();
      PictureBatch batch = pictures.next();
      for (; batch != null; batch = pictures.next()) {
        if (stopped.getAsBoolean()) {
          return false;
        }
        for (ScaleTest test : tests) {
          test.see(batch, scales.get(at), weight, sums);
        }
        done += batch.size();
        progress.at(done, (long) scales.size() * data.size());
      }
      return true;
    }
  }
}
