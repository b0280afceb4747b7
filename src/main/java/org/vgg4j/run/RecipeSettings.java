package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.BETWEEN_EPOCHS;
import static org.vgg4j.run.Setting.Change.NEVER;
import static org.vgg4j.run.Setting.Form.ANY;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.LONG;
import static org.vgg4j.run.Setting.Form.REAL;
import static org.vgg4j.run.Setting.Form.TEXT;
import static org.vgg4j.run.Setting.Form.TRUTH;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.ImageStatistics;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.Choice;

/** The settings of the net and its training, in the order of {@code config.json}. */
final class RecipeSettings {
  static final List<Setting<Recipe, ?>> NETS = new ArrayList<>();
  static final List<Setting<Recipe, ?>> TRAINING = new ArrayList<>();

  static final Setting<Recipe, String> RECIPE =
      recipe("recipe", TEXT, Recipe::name)
          .flag(
              "--recipe NAME",
              "What the other flags start from. quick: VGG16 with batch norm at width 1/4, 32"
                  + " pixels, 3 epochs. blog: the blog post's VGG16 at 224 pixels, 5 epochs",
              "quick")
          .in(TRAINING, ALWAYS);

  static final Setting<Recipe, String> ARCH =
      recipe("arch", TEXT, null)
          .flag("--arch NAME", "The net: vgg11, vgg11-lrn, vgg13, vgg16-1x1, vgg16 or vgg19")
          .in(NETS, NEVER);
  static final Setting<Recipe, String> LAYERS =
      recipe("layers", TEXT, null)
          .flag(
              "--layers LIST",
              "The layers, instead of --arch, such as 64,M,128,M: channels of 3x3 convolutions,"
                  + " those of 1x1 ones followed by c1, M for a max-pool, L for local response"
                  + " normalization",
              "those of --arch")
          .in(NETS, NEVER);

  static {
    recipe("batchNorm", TRUTH, null)
        .flag("--batch-norm", "Batch norm after each convolution")
        .in(NETS, NEVER);
    recipe("channels", COUNT, null).flag("--channels N", "Channels of an image").in(NETS, NEVER);
    recipe("classes", COUNT, null).flag("--classes N", "Number of classes").in(NETS, NEVER);
    recipe("imageSize", COUNT, null)
        .flag(
            "--image-size PIXELS",
            "Height and width of the net's images, a multiple of 2 for each pool")
        .in(NETS, NEVER);
    recipe("averagePool", COUNT, null)
        .flag(
            "--average-pool SIDE",
            "An adaptive average pool to SIDE x SIDE before the classifier, as torchvision's nets"
                + " have (7); images of any size fit then",
            "none")
        .in(NETS, NEVER);
    recipe("width", TEXT, null)
        .flag("--width FRACTION", "Share of the paper's channels and hidden features, such as 1/8")
        .in(NETS, NEVER);
    recipe("dropout", REAL, null)
        .flag("--dropout P", "Dropout probability in the classifier")
        .in(NETS, ALWAYS);
    recipe("hidden", COUNT, null).changedBy(RECIPE).in(NETS, NEVER);
  }

  static final Setting<Recipe, Object> PREPROCESSING =
      recipe(Preprocessing.KEY, ANY, recipe -> (Object) recipe.preprocessing().toMap())
          .in(TRAINING, NEVER);
  static final Setting<Recipe, String> INIT =
      recipe("init", TEXT, recipe -> recipe.initialization().label())
          .flag("--init NAME", "Starting values: kaiming, glorot, paper or pytorch")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, String> OPTIMIZER =
      recipe("optimizer", TEXT, Recipe::optimizer)
          .flag("--optimizer NAME", "Optimizer: adam or sgd")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Double> MOMENTUM =
      recipe("momentum", REAL, Recipe::momentum)
          .flag("--momentum M", "Momentum of sgd")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Double> WEIGHT_DECAY =
      recipe("weightDecay", REAL, Recipe::weightDecay)
          .flag("--weight-decay D", "Weight decay: D times each weight is added to its gradient")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Integer> EPOCHS =
      recipe("epochs", COUNT, recipe -> recipe.training().epochs())
          .flag("--epochs N", "Passes over the training set")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Integer> BATCH_SIZE =
      recipe("batchSize", COUNT, recipe -> recipe.training().batchSize())
          .flag("--batch-size N", "Images per batch")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, Integer> ACCUMULATE =
      recipe("accumulate", COUNT, recipe -> recipe.training().accumulate())
          .flag("--accumulate N", "Batches per step: their gradients make one update")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, Double> LEARNING_RATE =
      recipe("learningRate", REAL, recipe -> recipe.training().learningRate())
          .flag("--lr RATE", "Learning rate at the start")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, String> SCHEDULE =
      recipe("learningRateSchedule", TEXT, recipe -> recipe.training().schedule().label())
          .flag(
              "--lr-schedule NAME",
              "How the learning rate changes: constant, or linear or cosine, which fall to 0")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Long> SEED =
      recipe("seed", LONG, recipe -> recipe.training().seed())
          .flag("--seed N", "What starting values, shuffles and dropout are drawn from")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, String> SCALE =
      recipe("scale", TEXT, recipe -> recipe.augmentation().scale())
          .flag(
              "--scale PIXELS",
              "Size that training images are resized to before a random square is cropped: 256, or"
                  + " drawn for each from a range, 256..512; of the shorter side for colour",
              "the net's image size")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Boolean> FLIP =
      recipe("flip", TRUTH, recipe -> recipe.augmentation().flip() ? Boolean.TRUE : null)
          .flag("--flip", "Exchange left and right of half of the training images", "no")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, Double> COLOR_SHIFT =
      recipe("colorShift", REAL, recipe -> nonZero(recipe.augmentation().colorShift()))
          .flag(
              "--color-shift DEVIATION",
              "Shift the colours of training images along their principal components by random"
                  + " shares of this standard deviation, 0.1 in the paper",
              "0")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, String> NORMALIZE =
      recipe("normalize", TEXT, recipe -> normalize(recipe.normalization()))
          .flag(
              "--normalize NAME",
              "What images are normalized by: none (values from 0 to 1), mean (from 0 to 255, less"
                  + " the training images' mean, as in the paper), standard (less the mean, divided"
                  + " by their deviation), or imagenet (torchvision's mean and deviation)",
              "none")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Object> STATISTICS =
      recipe(ImageStatistics.KEY, ANY, RecipeSettings::statistics)
          .changedBy(COLOR_SHIFT)
          .in(TRAINING, BETWEEN_EPOCHS);

  /** What a configuration need not say. */
  private static final List<Setting<Recipe, ?>> MAY_BE_ABSENT =
      List.of(SCALE, FLIP, COLOR_SHIFT, NORMALIZE, STATISTICS);

  private RecipeSettings() {}

  private static Double nonZero(double value) {
    return value == 0 ? null : value;
  }

  private static String normalize(Normalization normalization) {
    return normalization == Normalization.NONE ? null : Choice.name(normalization);
  }

  private static Object statistics(Recipe recipe) {
    ImageStatistics known = recipe.augmentation().statistics();
    return known == null ? null : known.toMap();
  }

  /** Writes the training's settings. */
  static void write(Recipe recipe, Map<String, Object> config) {
    TRAINING.forEach(setting -> setting.write(recipe, config));
    MAY_BE_ABSENT.forEach(setting -> config.remove(setting.key(), null));
  }

  /** Returns how training images are varied: not at all where nothing is said. */
  static Augmentation augmentation(Map<String, ?> flat) {
    Double shift = COLOR_SHIFT.find(flat);
    Object known = flat.get(STATISTICS.key());
    return Augmentation.NONE
        .withScale(SCALE.find(flat))
        .withFlip(Boolean.TRUE.equals(FLIP.find(flat)))
        .withColorShift(shift == null ? 0 : shift)
        .withStatistics(
            known == null
                ? null
                : ImageStatistics.fromMap(known instanceof Map<?, ?> map ? map : Map.of()));
  }

  /** Returns what images are normalized by. */
  static Normalization normalization(Map<String, ?> flat) {
    String name = NORMALIZE.find(flat);
    return name == null
        ? Normalization.NONE
        : Choice.of(NORMALIZE.key(), Normalization.class, name);
  }

  private static <T> Setting<Recipe, T> recipe(
      String key, Form<T> form, Function<Recipe, T> reader) {
    return Setting.of(key, form, reader);
  }
}
