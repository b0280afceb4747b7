package org.vgg4j.cli;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import org.vgg4j.data.ImageSource;
import org.vgg4j.report.SampleViews;
import org.vgg4j.run.Recipe;

/**
 * What a net sees of some training images, class by class: each as it is, as an evaluation takes
 * it, and as the first epochs of a training do. The page fits a screen.
 */
final class ContactSheet {
  private static final int TILES = SampleViews.NAMES.size();
  private static final int WIDTH = 1600;
  private static final int HEIGHT = 900;
  private static final int GAP = 4;
  private static final int LABEL = 16; // the height of a line of text
  private static final int LEAST_TILE = 72;
  private static final int MOST_TILE = 104;

  private final ImageSource data;
  private final Recipe recipe;
  private final SampleViews views;
  private final int tile; // the side of a picture, in pixels
  private final int blocks; // side by side
  private final List<Integer> images; // in the order of the classes

  ContactSheet(Recipe recipe, ImageSource data) {
    this.recipe = recipe;
    this.data = data;
    int side = recipe.net().imageSize();
    // Small images are enlarged by whole numbers: a pixel stays one colour.
    int by = Math.min((LEAST_TILE + side - 1) / side, MOST_TILE / side);
    tile = side > MOST_TILE ? MOST_TILE : side * by;
    blocks = Math.max(1, WIDTH / blockWidth());
    int most = blocks * Math.max(1, (HEIGHT - 3 * LABEL) / (tile + LABEL + GAP));
    views = new SampleViews(recipe, data, tile);
    images = views.chosen(most);
  }

  private int blockWidth() {
    return TILES * (tile + GAP) + 4 * GAP;
  }

  /** Returns how many classes are shown. */
  int classes() {
    return (int) images.stream().map(data::label).distinct().count();
  }

  /** Returns how many images are shown. */
  int images() {
    return images.size();
  }

  /** Draws the page. */
  BufferedImage draw() {
    int rows = (images.size() + blocks - 1) / blocks;
    int shown = Math.min(blocks, images.size());
    BufferedImage page =
        new BufferedImage(
            shown * blockWidth() + 2 * GAP,
            rows * (tile + LABEL + GAP) + 2 * (LABEL + GAP),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = page.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, page.getWidth(), page.getHeight());
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, LABEL - 4));
      graphics.setColor(Color.DARK_GRAY);
      for (int i = 0; i < images.size(); i++) {
        int x = 3 * GAP + i / rows * blockWidth();
        row(graphics, images.get(i), x, GAP + i % rows * (tile + LABEL + GAP));
      }
      int below = page.getHeight() - 2 * GAP;
      int width = page.getWidth() - 6 * GAP;
      text(graphics, "evaluation: " + recipe.preprocessing(), 3 * GAP, below - LABEL, width);
      text(graphics, "training: " + recipe.augmentation(), 3 * GAP, below, width);
    } finally {
      graphics.dispose();
    }
    return page;
  }

  private void row(Graphics2D graphics, int image, int x, int y) {
    List<BufferedImage> pictures = views.of(image);
    for (int i = 0; i < TILES; i++) {
      // The class stands below the image as it is.
      String label = i == 0 ? data.classNames().get(data.label(image)) : SampleViews.NAMES.get(i);
      place(graphics, pictures.get(i), label, x, y, i);
    }
  }

  private void place(
      Graphics2D graphics, BufferedImage picture, String label, int x, int y, int column) {
    int left = x + column * (tile + GAP);
    graphics.drawImage(
        picture,
        left + (tile - picture.getWidth()) / 2,
        y + (tile - picture.getHeight()) / 2,
        null);
    text(graphics, label, left, y + tile + LABEL - GAP, tile);
  }

  /** Writes as much of a text as there is room for. */
  private static void text(Graphics2D graphics, String text, int x, int y, int width) {
    String shown = text;
    while (graphics.getFontMetrics().stringWidth(shown) > width && shown.length() > 1) {
      int keep = shown.offsetByCodePoints(shown.length(), shown.endsWith("…") ? -2 : -1);
      shown = shown.substring(0, keep) + "…";
    }
    graphics.drawString(shown, x, y);
  }
}
