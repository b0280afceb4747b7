package org.vgg4j.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A recipe of what is named, what is given, and what the images have. A built-in recipe leaves
 * classes and channels to the images; a program's own says them.
 *
 * @param base what is changed
 * @param given key to text, of any settings; those of a recipe are read
 * @param start what the training starts from, whose net and preprocessing the base has
 * @param isBuiltIn whether the base is a built-in recipe, but for what it starts from
 */
record RecipeChoice(
    Recipe base, Map<String, String> given, StartingWeights start, boolean isBuiltIn) {
  private static final String CLASSES = "classes";
  private static final String CHANNELS = "channels";
  private static final String IMAGE_SIZE = "imageSize";
  private static final String SCALE = RecipeSettings.SCALE.key();
  private static final String NORMALIZE = RecipeSettings.NORMALIZE.key();

  /**
   * Chooses the base.
   *
   * @param unnamed the base when no recipe is named
   */
  static RecipeChoice of(Recipe unnamed, Map<String, String> given, StartingWeights start) {
    String name = RecipeSettings.RECIPE.find(given);
    Recipe named = name == null ? unnamed : Recipe.of(name);
    boolean isBuiltIn =
        Recipe.NAMES.contains(named.name()) && named.equals(Recipe.of(named.name()));
    return new RecipeChoice(start.net(named, given), given, start, isBuiltIn);
  }

  /**
   * Returns the recipe for images that are not known yet; how they are preprocessed is left out.
   */
  Recipe withoutImages() {
    return recipe(null);
  }

  /** Returns how large images become, of what is known of a recipe without them. */
  Preprocessing sized(Recipe early) {
    return PreprocessingSettings.resized(early.largest(), given);
  }

  /**
   * Returns the recipe for images.
   *
   * @param images null to stay with the base's
   * @throws org.vgg4j.tensor.InvalidInputException when it cannot be used
   */
  Recipe with(ImageTraits images) {
    Recipe recipe = recipe(images);
    return recipe.withPreprocessing(PreprocessingSettings.changed(recipe.preprocessing(), given));
  }

  private Recipe recipe(ImageTraits images) {
    Map<String, Object> flat = Settings.flat(base.toMap());
    boolean wasOfPictures = base.hasDefaultForPictures();
    boolean isUsual = base.hasDefaultPreprocessing();
    if (isUsual) {
      flat.remove(RecipeSettings.PREPROCESSING.key()); // another net has another default
    }
    if (follows(images, CLASSES)) {
      flat.put(CLASSES, images.classes());
    }
    if (follows(images, CHANNELS)) {
      flat.put(CHANNELS, images.channels());
    }
    if (given.containsKey(RecipeSettings.ARCH.key())) {
      flat.put(RecipeSettings.LAYERS.key(), VggConfig.layersOf(RecipeSettings.ARCH.find(given)));
    }
    for (Setting<?, ?> setting : Settings.ofRecipe()) {
      if (given.containsKey(setting.key())) {
        flat.put(setting.key(), setting.find(given));
      }
    }
    if (given.containsKey(RecipeSettings.LAYERS.key())) {
      flat.put(RecipeSettings.ARCH.key(), VggConfig.CUSTOM);
    }
    if (isSaid("mean", "deviation")) {
      if (isSaid(NORMALIZE)) {
        throw InvalidInputException.of(
            NORMALIZE, "says what mean and deviation say too: leave out");
      }
      flat.remove(NORMALIZE);
    } else if (start.hasNet() && !isSaid(NORMALIZE)) {
      flat.remove(NORMALIZE); // the weights' own mean and deviation stay
    }
    scale(flat);
    Recipe recipe = Recipe.fromMap(flat);
    if (start.hasNet() && recipe.augmentation().scale() != null) {
      recipe =
          recipe.withPreprocessing(
              recipe.preprocessing().withResize(recipe.augmentation().middleScale()));
    }
    boolean areOfPictures = (images == null || start.hasNet()) ? wasOfPictures : images.pictures();
    return isUsual && areOfPictures ? recipe.forPictures() : recipe;
  }

  private boolean isSaid(String... keys) {
    return List.of(keys).stream().anyMatch(given::containsKey);
  }

  /** A recipe's scale is to another image size what it is to the recipe's own. */
  private void scale(Map<String, Object> flat) {
    Augmentation augmentation = base.augmentation();
    Object size = flat.get(IMAGE_SIZE);
    if (augmentation.scale() != null && isSaid(IMAGE_SIZE) && !isSaid(SCALE)) {
      int side = Integer.parseInt(size.toString());
      flat.put(SCALE, augmentation.forSquares(base.net().imageSize(), side).scale());
    }
  }

  private boolean follows(ImageTraits images, String key) {
    boolean isKnown = images != null && (key.equals(CLASSES) || images.channels() > 0);
    // Weights take another head for other classes, and images of the channels that they know.
    boolean isFree = start.hasNet() ? key.equals(CLASSES) : isBuiltIn;
    return isFree && isKnown && !given.containsKey(key);
  }

  /** Returns in words how the images change the net, null where they do not. */
  String line(ImageTraits images) {
    List<String> parts = new ArrayList<>();
    if (follows(images, CLASSES) && images.classes() != base.net().classes()) {
      parts.add(images.classes() + " classes");
    }
    if (follows(images, CHANNELS) && images.channels() != base.net().channels()) {
      parts.add(images.channels() + (images.channels() == 1 ? " channel" : " channels"));
    }
    return parts.isEmpty() ? null : String.join(", ", parts) + ", as the images have";
  }
}
