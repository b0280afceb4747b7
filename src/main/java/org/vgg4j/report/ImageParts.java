package org.vgg4j.report;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.ImageSource;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;

/** Training images as the net sees them. */
final class ImageParts {
  private static final int TILE = 64;

  /** So many images are shown. */
  private static final int MOST = 4;

  private ImageParts() {}

  static void samples(Page page, RunRecord run, RunData images) {
    ImageSource train = images.train();
    SampleViews views = new SampleViews(run.recipe().measured(train), train, TILE);
    List<Pictures.Picture> rows = new ArrayList<>();
    for (int image : views.chosen(MOST)) {
      rows.add(
          new Pictures.Picture(
              views.strip(image), List.of(train.classNames().get(train.label(image)))));
    }
    page.section("Training images")
        .paragraph("Each " + String.join(", ", SampleViews.NAMES) + ".")
        .paragraph("Evaluation: " + views.recipe().preprocessing())
        .paragraph("Training: " + views.recipe().augmentation())
        .add(new Pictures(rows));
  }
}
