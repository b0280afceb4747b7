package org.vgg4j.cli;

import java.util.Arrays;
import java.util.List;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeFilter;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Option;

/** The flags that change how images become a model's input. */
final class PreprocessingOptions {
  @Option(
      names = "--fit",
      paramLabel = "HOW",
      description =
          "How a picture's proportions become the model's: fashion (as Fashion-MNIST's images:"
              + " grey, padded to a square, 28x28), square (scaled to one), shorter (the shorter"
              + " side is scaled, the middle kept) (default: the model's).")
  private String fit;

  @Option(
      names = "--resize",
      paramLabel = "PIXELS",
      description =
          "The side that an image is resized to before its middle is cropped to the model's size"
              + " (default: the model's).")
  private Integer resize;

  @Option(
      names = "--filter",
      paramLabel = "NAME",
      description =
          "How resizing interpolates: bilinear, or antialiased (bilinear too, as torchvision's)"
              + " (default: the model's).")
  private String filter;

  @Option(
      names = "--mean",
      paramLabel = "LIST",
      description =
          "What is subtracted from each channel, scaled to 0..1, such as 0.485,0.456,0.406"
              + " (default: the model's).")
  private String mean;

  @Option(
      names = "--deviation",
      paramLabel = "LIST",
      description =
          "What each channel is then divided by, such as 0.229,0.224,0.225 (default: the model's).")
  private String deviation;

  /** Returns a model's preprocessing, changed as the flags say. */
  Preprocessing changed(Preprocessing model) {
    Preprocessing how = model;
    if (fit != null) {
      how = how.withFit(Choice.of("fit", PictureFit.class, fit));
    }
    if (resize != null) {
      InvalidInputException.requireAtLeast(how.crop(), "resize", resize);
      how = how.withResize(resize);
    }
    if (filter != null) {
      how = how.withFilter(Choice.of("filter", ResizeFilter.class, filter));
    }
    return how.withNormalization(
        numbers("mean", mean, how.mean(), -Double.MAX_VALUE),
        numbers("deviation", deviation, how.deviation(), Double.MIN_VALUE));
  }

  private static List<Double> numbers(
      String field, String given, List<Double> otherwise, double least) {
    if (given == null) {
      return otherwise;
    }
    List<Double> numbers;
    try {
      numbers = Arrays.stream(given.split(",", -1)).map(Double::valueOf).toList();
    } catch (NumberFormatException e) {
      throw InvalidInputException.of(field, "must be numbers with commas between, not " + given, e);
    }
    if (numbers.size() != otherwise.size()) {
      throw InvalidInputException.of(
          field,
          "must be a number for each of %d channels, not %s".formatted(otherwise.size(), given));
    }
    if (!numbers.stream().allMatch(number -> number >= least && number <= Double.MAX_VALUE)) {
      throw InvalidInputException.of(
          field,
          "must be %s numbers, not %s".formatted(least > 0 ? "positive finite" : "finite", given));
    }
    return numbers;
  }
}
