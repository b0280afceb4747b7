package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeFilter;
import org.vgg4j.tensor.InvalidInputException;

/** What images say of a net, and what is said in their place. */
final class RecipeChoiceTest {
  private static final ImageTraits COLOUR = new ImageTraits(7, 3, false);
  private static final ImageTraits PICTURES = new ImageTraits(7, 3, true);

  private static Recipe recipe(ImageTraits images, String... given) {
    return choice(Recipe.quick(), given).with(images);
  }

  private static RecipeChoice choice(Recipe base, String... given) {
    Map<String, String> settings = new java.util.HashMap<>();
    for (int i = 0; i < given.length; i += 2) {
      settings.put(given[i], given[i + 1]);
    }
    return RecipeChoice.of(base, settings, StartingWeights.NONE);
  }

  private static void assertNet(int classes, int channels, Recipe recipe) {
    assertEquals(
        List.of(classes, channels), List.of(recipe.net().classes(), recipe.net().channels()));
  }

  @Test
  void aBuiltInRecipeFollowsTheImages() {
    assertNet(7, 3, recipe(COLOUR));
    assertNet(7, 3, recipe(COLOUR, "recipe", "blog"));
    assertNet(10, 1, recipe(null));
    assertNet(7, 1, recipe(new ImageTraits(7, 0, false)));
    assertEquals(Preprocessing.of(3, 32), recipe(COLOUR).preprocessing());
  }

  @Test
  void whatIsGivenStays() {
    assertNet(5, 3, recipe(COLOUR, "classes", "5"));
    assertNet(7, 1, recipe(COLOUR, "channels", "1"));
    assertEquals(1, recipe(COLOUR, "channels", "1").preprocessing().channels());
  }

  @Test
  void aProgramsOwnRecipeSaysItself() {
    Recipe own = recipe(null, "classes", "5", "channels", "3");
    assertNet(5, 3, choice(own).with(new ImageTraits(7, 1, false)));
    assertNull(choice(own).line(COLOUR));
  }

  @Test
  void picturesAreTakenByTheirMiddle() {
    Preprocessing how = recipe(PICTURES, "imageSize", "64").preprocessing();
    assertEquals(Preprocessing.ofPictures(3, 64), how);
    assertEquals(PictureFit.SHORTER, how.fit());
    assertEquals(ResizeFilter.ANTIALIASED, how.filter());
    assertEquals(
        Preprocessing.ofPictures(1, 32), recipe(PICTURES, "channels", "1").preprocessing());
    // A resumed run of pictures keeps theirs, also at another size.
    Recipe before = recipe(PICTURES);
    assertEquals(before, choice(before).with(null));
    assertEquals(
        Preprocessing.ofPictures(3, 64),
        choice(before, "imageSize", "64").with(null).preprocessing());
  }

  @Test
  void thePreprocessingCanBeGiven() {
    Preprocessing how =
        recipe(
                PICTURES,
                "fit",
                "square",
                "resize",
                "40",
                "filter",
                "bilinear",
                "mean",
                "0.5,0.4,0.3",
                "deviation",
                "1,2,3")
            .preprocessing();
    assertEquals(new Preprocessing(3, 40, 32, List.of(0.5, 0.4, 0.3), List.of(1.0, 2.0, 3.0)), how);
    for (String[] wrong :
        new String[][] {
          {"fit", "round"}, {"resize", "31"}, {"filter", "x"}, {"mean", "1"}, {"deviation", "0,1,1"}
        }) {
      String message =
          assertThrows(InvalidInputException.class, () -> recipe(PICTURES, wrong)).getMessage();
      assertEquals(wrong[0], message.split(" ")[0]);
    }
    choice(Recipe.quick(), "mean", "0.5,0.4,0.3").withoutImages(); // three channels may come
  }

  @Test
  void whatTheImagesChangeIsSaid() {
    assertEquals("7 classes, 3 channels, as the images have", choice(Recipe.quick()).line(COLOUR));
    assertEquals(
        "3 channels, as the images have", choice(Recipe.quick(), "classes", "5").line(COLOUR));
    assertEquals(
        "7 classes, as the images have", choice(Recipe.quick(), "channels", "3").line(COLOUR));
    assertNull(choice(Recipe.quick()).line(new ImageTraits(10, 1, false)));
    assertNull(choice(Recipe.quick()).line(null));
  }
}
