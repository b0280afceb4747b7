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
import org.vgg4j.optim.ScheduleOptions;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.optim.WarmUp;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.Choice;

/** The settings of the net and its training, in the order of {@code config.json}. */
final class RecipeSettings {
  static final List<Setting<Recipe, ?>> NETS = new ArrayList<>();
  static final List<Setting<Recipe, ?>> TRAINING = new ArrayList<>();

  private static final String AS_IMAGES = "as the images have";

  static final Setting<Recipe, String> RECIPE =
      recipe("recipe", TEXT, Recipe::name)
          .flag(
              "--recipe NAME",
              "What the other flags start from. quick: VGG16 with batch norm at width 1/4, 32"
                  + " pixels, 3 epochs. blog: the blog post's VGG16 at 224 pixels, 5 epochs. paper:"
                  + " the paper's VGG16 without batch norm at 224 pixels, sgd, 74 epochs",
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
    recipe("channels", COUNT, null)
        .flag("--channels N", "Channels of an image", AS_IMAGES)
        .in(NETS, NEVER);
    recipe("classes", COUNT, null)
        .flag("--classes N", "Number of classes", AS_IMAGES)
        .in(NETS, NEVER);
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
  static final Setting<Recipe, Double> LABEL_SMOOTHING =
      recipe("labelSmoothing", REAL, Recipe::labelSmoothing)
          .flag(
              "--label-smoothing S",
              "Share of each image's target that the loss spreads evenly over all classes")
          .orElse(0.0)
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
              "How the learning rate changes: constant; linear or cosine, which fall to 0; step,"
                  + " which divides it after every --lr-step epochs; plateau, which divides it when"
                  + " the test accuracy has not risen for --patience epochs")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Integer> RATE_STEP =
      schedule("learningRateStep", COUNT, ScheduleOptions::stepEpochs)
          .flag("--lr-step EPOCHS", "Epochs after which --lr-schedule step divides the rate")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Double> RATE_FACTOR =
      schedule("learningRateFactor", REAL, ScheduleOptions::factor)
          .flag("--lr-factor F", "What the schedules step and plateau divide the rate by")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Integer> PATIENCE =
      schedule("patience", COUNT, ScheduleOptions::patience)
          .flag(
              "--patience EPOCHS",
              "Epochs without a better test accuracy after which --lr-schedule plateau divides the"
                  + " rate")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Integer> RATE_DROPS =
      schedule("learningRateDrops", COUNT, ScheduleOptions::drops)
          .flag(
              "--lr-drops N",
              "How often --lr-schedule plateau divides the rate at most; the training goes on at"
                  + " the last rate until its last epoch")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, String> WARM_UP =
      schedule("warmUp", TEXT, options -> options.warmUp().toString())
          .flag(
              "--warm-up LENGTH",
              "Updates (500), or epochs (2epochs), over which the rate rises linearly from 0")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Double> CLIP_NORM =
      recipe("clipNorm", REAL, recipe -> orNull(updates(recipe).clipNorm()))
          .flag(
              "--clip-norm M",
              "Scales the gradients down where the norm of all together exceeds M; 0 for none",
              "none")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, Double> EMA =
      recipe("ema", REAL, recipe -> orNull(updates(recipe).averageDecay()))
          .flag(
              "--ema DECAY",
              "Tests and saves a running average of the weights and statistics: after each update,"
                  + " DECAY of the average and the rest of the new weights",
              "none")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Double> HEAD_LEARNING_RATE =
      recipe("headLearningRate", REAL, recipe -> orNull(updates(recipe).headLearningRate()))
          .flag(
              "--head-lr RATE",
              "Learning rate at the start for the last linear layer; the schedule changes both"
                  + " alike",
              "that of --lr")
          .in(TRAINING, ALWAYS);
  static final Setting<Recipe, String> FREEZE =
      recipe("freeze", TEXT, recipe -> textOrNull(updates(recipe).frozen()))
          .flag(
              "--freeze LAYERS",
              "Layers that are not trained: features, classifier (but its last layer), or names as"
                  + " summary shows them, with commas between; a batch norm belongs to its"
                  + " convolution",
              "none")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Long> SEED =
      recipe("seed", LONG, recipe -> recipe.training().seed())
          .flag(
              "--seed N",
              "What starting values, shuffles, dropout and a split of the images are drawn from")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, String> SCALE =
      recipe("scale", TEXT, recipe -> recipe.augmentation().scale())
          .flag(
              "--scale PIXELS",
              "Size that training images are resized to before a random square is cropped: 256, or"
                  + " drawn for each from a range, 256..512; of the shorter side for colour",
              "the net's image size; paper: 256 for 224 pixels")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Boolean> FLIP =
      recipe("flip", TRUTH, recipe -> recipe.augmentation().flip() ? Boolean.TRUE : null)
          .flag(
              "--flip", "Exchange left and right of half of the training images", "no; paper: yes")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, Double> COLOR_SHIFT =
      recipe("colorShift", REAL, recipe -> orNull(recipe.augmentation().colorShift()))
          .flag(
              "--color-shift DEVIATION",
              "Shift the colours of training images along their principal components by random"
                  + " shares of this standard deviation, 0.1 in the paper",
              "0; paper: 0.1")
          .in(TRAINING, BETWEEN_EPOCHS);
  static final Setting<Recipe, String> NORMALIZE =
      recipe("normalize", TEXT, recipe -> normalize(recipe.normalization()))
          .flag(
              "--normalize NAME",
              "What images are normalized by: none (values from 0 to 1), mean (from 0 to 255, less"
                  + " the training images' mean, as in the paper), standard (less the mean, divided"
                  + " by their deviation), or imagenet (torchvision's mean and deviation)",
              "none; paper: mean")
          .in(TRAINING, NEVER);
  static final Setting<Recipe, Object> STATISTICS =
      recipe(ImageStatistics.KEY, ANY, RecipeSettings::statistics)
          .changedBy(COLOR_SHIFT)
          .in(TRAINING, BETWEEN_EPOCHS);

  private RecipeSettings() {}

  private static UpdateOptions updates(Recipe recipe) {
    return recipe.training().updates();
  }

  private static Double orNull(double value) {
    return value == 0 ? null : (Double) value;
  }

  private static String textOrNull(List<String> names) {
    return names.isEmpty() ? null : String.join(",", names);
  }

  /** Reads what is done about updates; each may be missing. */
  static UpdateOptions updates(Map<String, ?> flat) {
    Double clip = CLIP_NORM.find(flat);
    Double average = EMA.find(flat);
    Double head = HEAD_LEARNING_RATE.find(flat);
    String frozen = FREEZE.find(flat);
    return new UpdateOptions(
        clip == null ? 0 : clip,
        average == null ? 0 : average,
        head == null ? 0 : head,
        frozen == null ? List.of() : List.of(frozen.split("\\s*,\\s*", -1)));
  }

  private static String normalize(Normalization normalization) {
    return normalization == Normalization.NONE ? null : Choice.name(normalization);
  }

  private static Object statistics(Recipe recipe) {
    ImageStatistics known = recipe.augmentation().statistics();
    return known == null ? null : known.toMap();
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

  /** Declares a number of the schedule; runs from before it was there have the default. */
  private static <T> Setting<Recipe, T> schedule(
      String key, Form<T> form, Function<ScheduleOptions, T> reader) {
    return recipe(key, form, recipe -> reader.apply(recipe.training().scheduleOptions()))
        .orElse(reader.apply(ScheduleOptions.DEFAULT));
  }

  /** Reads the schedule's numbers from a flat configuration. */
  static ScheduleOptions scheduleOptions(Map<String, ?> flat) {
    return new ScheduleOptions(
        RATE_STEP.require(flat),
        RATE_FACTOR.require(flat),
        PATIENCE.require(flat),
        RATE_DROPS.require(flat),
        WarmUp.parse(WARM_UP.require(flat)));
  }
}
