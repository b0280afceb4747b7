package org.vgg4j.report;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.ImageSource;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;

/** Training images as the net sees them. */
final class ImageParts {
  private static final int TILE = 64;
  private static final int GAP = 4;

  /** So many images are shown. */
  private static final int MOST = 5;

  private ImageParts() {}

  static void samples(Page page, RunRecord run, RunData images) {
    ImageSource train = images.train();
    SampleViews views = new SampleViews(run.recipe().measured(train), train, TILE);
    List<Pictures.Picture> rows = new ArrayList<>();
    for (int image : views.chosen(MOST)) {
      rows.add(
          new Pictures.Picture(
              strip(views.of(image)), List.of(train.classNames().get(train.label(image)))));
    }
    page.section("Training images")
        .paragraph("Each " + String.join(", ", SampleViews.NAMES) + ".")
        .paragraph("Evaluation: " + views.recipe().preprocessing())
        .paragraph("Training: " + views.recipe().augmentation())
        .add(new Pictures(rows));
  }

  private static BufferedImage strip(List<BufferedImage> tiles) {
    BufferedImage strip =
        new BufferedImage(tiles.size() * (TILE + GAP) - GAP, TILE, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < tiles.size(); i++) {
      BufferedImage tile = tiles.get(i);
      int left = i * (TILE + GAP) + (TILE - tile.getWidth()) / 2;
      int top = (TILE - tile.getHeight()) / 2;
      for (int p = 0; p < tile.getWidth() * tile.getHeight(); p++) {
        int x = p % tile.getWidth();
        int y = p / tile.getWidth();
        strip.setRGB(left + x, top + y, tile.getRGB(x, y));
      }
    }
    return strip;
  }
}
