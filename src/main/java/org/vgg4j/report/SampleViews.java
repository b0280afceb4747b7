package org.vgg4j.report;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.run.Recipe;

/**
 * What a net sees of training images: each as it is, as an evaluation takes it, and as the first
 * epochs of a training do.
 *
 * @param recipe the training, which knows of its images what it must know
 * @param data the training images
 * @param tile the longest side of a picture, in pixels
 */
public record SampleViews(Recipe recipe, ImageSource data, int tile) {
  /** How many epochs are shown. */
  public static final int EPOCHS = 5;

  private static final int GAP = 4; // between pictures in a strip

  /** What the pictures of an image are. */
  public static final List<String> NAMES =
      List.of("as it is", "evaluation", "epoch 1", "epoch 2", "epoch 3", "epoch 4", "epoch 5");

  /** Returns the first images of each class, in the order of the classes, at most so many. */
  public List<Integer> chosen(int most) {
    int classes = Math.min(most, data.classNames().size());
    int each = Math.max(1, most / classes);
    Map<Integer, Integer> taken = new HashMap<>();
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < data.size() && found.size() < classes * each; i++) {
      int label = data.label(i);
      if (label < classes && taken.merge(label, 1, Integer::sum) <= each) {
        found.add(i);
      }
    }
    found.sort(Comparator.comparingInt(data::label)); // stable: the first ones first
    return found;
  }

  /** Returns the pictures of an image, in the order of {@link #NAMES}. */
  public List<BufferedImage> of(int image) {
    TilePainter painter = new TilePainter(data, image, tile);
    List<BufferedImage> pictures = new ArrayList<>();
    pictures.add(painter.original());
    pictures.add(painter.view(ImageViews.of(recipe.preprocessing())));
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
      Draw draw = new Draw(recipe.training().seed(), epoch);
      pictures.add(
          painter.view(new ImageViews(recipe.preprocessing(), recipe.augmentation(), draw)));
    }
    return pictures;
  }

  /** Returns the pictures of an image side by side. */
  public BufferedImage strip(int image) {
    List<BufferedImage> tiles = of(image);
    BufferedImage strip =
        new BufferedImage(tiles.size() * (tile + GAP) - GAP, tile, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < tiles.size(); i++) {
      BufferedImage picture = tiles.get(i);
      int left = i * (tile + GAP) + (tile - picture.getWidth()) / 2;
      int top = (tile - picture.getHeight()) / 2;
      for (int p = 0; p < picture.getWidth() * picture.getHeight(); p++) {
        int x = p % picture.getWidth();
        int y = p / picture.getWidth();
        strip.setRGB(left + x, top + y, picture.getRGB(x, y));
      }
    }
    return strip;
  }
}
