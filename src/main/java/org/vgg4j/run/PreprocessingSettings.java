package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.NEVER;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.TEXT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeFilter;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The settings that change how images become a net's input. A run writes what they come to, its
 * preprocessing, and not them.
 */
public final class PreprocessingSettings {
  static final List<Setting<Recipe, ?>> ALL = new ArrayList<>();

  private static final String USUAL = "the model's; for a new one what suits its images";

  private static final Setting<Recipe, String> FIT =
      setting("fit", TEXT)
          .flag(
              "--fit HOW",
              "How a picture's proportions become the net's: fashion (as Fashion-MNIST's images:"
                  + " grey, padded to a square, 28x28), square (scaled to one), shorter (the"
                  + " shorter side is scaled, the middle kept)",
              USUAL)
          .in(ALL, NEVER);
  private static final Setting<Recipe, Integer> RESIZE =
      setting("resize", COUNT)
          .flag(
              "--resize PIXELS",
              "The side that an image is resized to before its middle is cropped to the net's"
                  + " size",
              USUAL)
          .in(ALL, NEVER);
  private static final Setting<Recipe, String> FILTER =
      setting("filter", TEXT)
          .flag(
              "--filter NAME",
              "How resizing interpolates: bilinear, or antialiased (bilinear too, as"
                  + " torchvision's)",
              USUAL)
          .in(ALL, NEVER);
  private static final Setting<Recipe, String> MEAN =
      setting("mean", TEXT)
          .flag(
              "--mean LIST",
              "What is subtracted from each channel, whose values are 0 to 1, such as"
                  + " 0.485,0.456,0.406",
              USUAL)
          .in(ALL, NEVER);
  private static final Setting<Recipe, String> DEVIATION =
      setting("deviation", TEXT)
          .flag(
              "--deviation LIST",
              "What each channel is then divided by, such as 0.229,0.224,0.225",
              USUAL)
          .in(ALL, NEVER);

  private PreprocessingSettings() {}

  private static <T> Setting<Recipe, T> setting(String key, Form<T> form) {
    return Setting.of(key, form, null);
  }

  /**
   * Returns a preprocessing, changed as settings say.
   *
   * @param given key to text, of any settings
   * @throws InvalidInputException when a value cannot be used
   */
  public static Preprocessing changed(Preprocessing usual, Map<String, String> given) {
    Preprocessing how = usual;
    if (FIT.find(given) != null) {
      how = how.withFit(Choice.of(FIT.key(), PictureFit.class, FIT.find(given)));
    }
    how = resized(how, given);
    if (FILTER.find(given) != null) {
      how = how.withFilter(Choice.of(FILTER.key(), ResizeFilter.class, FILTER.find(given)));
    }
    return how.withNormalization(
        numbers(MEAN, given, how.mean(), -Double.MAX_VALUE),
        numbers(DEVIATION, given, how.deviation(), Double.MIN_VALUE));
  }

  /** Returns a preprocessing with only its size changed. */
  static Preprocessing resized(Preprocessing usual, Map<String, String> given) {
    Integer side = RESIZE.find(given);
    if (side == null) {
      return usual;
    }
    InvalidInputException.requireAtLeast(usual.crop(), RESIZE.key(), side);
    return usual.withResize(side);
  }

  private static List<Double> numbers(
      Setting<?, String> setting, Map<String, String> all, List<Double> otherwise, double least) {
    String field = setting.key();
    String given = setting.find(all);
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
