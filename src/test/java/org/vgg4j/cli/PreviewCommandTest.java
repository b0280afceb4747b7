package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.ImageStatistics;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.testing.TinyNets;

final class PreviewCommandTest {
  @TempDir private Path folder;

  /** Pixel by pixel the picture is what the net sees, three times as large. */
  @Test
  void thePictureIsWhatTheNetSees() throws IOException {
    Path out = folder.resolve("page.png");
    Cli.Result result =
        Cli.run(
            "preview",
            "--data=sample",
            "--train-limit=200",
            "--scale=32..40",
            "--flip",
            "--color-shift=0.3",
            "--normalize=mean",
            "--seed=5",
            out.toString());
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().contains("10 images of 10 of 10 classes"), result.out());
    assertEquals(List.of("page.png"), Cli.names(folder));
    BufferedImage page = ImageIO.read(out.toFile());
    assertTrue(page.getWidth() <= 1600 && page.getHeight() <= 900, page.toString());

    ImageSource train = TinyNets.sample().train().limit(200);
    int first = 0;
    while (train.label(first) != 0) {
      first++;
    }
    Preprocessing plain = Preprocessing.of(1, 32).withResize(36);
    ImageStatistics known = ImageStatistics.of(train, plain);
    Preprocessing how = Normalization.MEAN.applied(plain, known);
    Augmentation varied =
        Augmentation.NONE
            .withScale(32, 40)
            .withFlip(true)
            .withColorShift(0.3)
            .withStatistics(known);
    requireTile(page, 1, train, first, ImageViews.of(how));
    for (int epoch = 1; epoch <= 5; epoch++) {
      requireTile(page, 1 + epoch, train, first, new ImageViews(how, varied, new Draw(5, epoch)));
    }
  }

  private static void requireTile(
      BufferedImage page, int column, ImageSource train, int image, ImageViews views) {
    ByteBuffer x = ByteBuffer.allocate(32 * 32 * Float.BYTES).order(ByteOrder.nativeOrder());
    new PreprocessedImages(train, views).read(image, x, 0);
    double mean = views.preprocessing().mean().get(0);
    for (int i = 0; i < 32 * 32; i++) {
      double value = 255 * Math.max(0, Math.min(1, x.getFloat(i * Float.BYTES) / 255 + mean));
      for (int corner = 0; corner < 9; corner++) {
        int rgb =
            page.getRGB(12 + column * 100 + i % 32 * 3 + corner % 3, 4 + i / 32 * 3 + corner / 3);
        for (int shift = 0; shift < 24; shift += 8) {
          assertEquals(value, rgb >> shift & 0xFF, 0.51, "tile " + column + ", pixel " + i);
        }
      }
    }
  }

  /** A page holds what it can; pictures larger than a tile are made smaller. */
  @Test
  void largeNetsFitThePage() throws IOException {
    Path out = folder.resolve("large.png");
    Cli.Result result =
        Cli.run("preview", "--data=sample", "--recipe=blog", "--scale=256..512", out.toString());
    assertEquals(0, result.code(), result.err());
    BufferedImage page = ImageIO.read(out.toFile());
    assertTrue(page.getWidth() <= 1600 && page.getHeight() <= 900, page.toString());
    assertNotEquals(0xFFFFFFFF, page.getRGB(12 + 108 + 103, 4 + 103));
  }

  @Test
  void whatCannotBeIsRefused() throws IOException {
    String out = folder.resolve("page.png").toString();
    String small = Cli.refused(Cli.run("preview", "--data=sample", "--scale=20..40", out));
    assertTrue(
        small.contains("--scale must be at least the net's image size, 32, not 20..40"), small);
    Cli.refused(Cli.run("preview", "--data=sample", "--scale=big", out));
    Cli.refused(Cli.run("preview", "--data=sample", "--normalize=imagenet", out));
    Cli.refused(Cli.run("preview", "--data=sample", "--color-shift=-1", out));
    assertEquals(List.of(), Cli.names(folder));
    Files.createFile(folder.resolve("file"));
    String nowhere = folder.resolve("file").resolve("page.png").toString();
    Cli.Result result = Cli.run("preview", "--data=sample", "--train-limit=9", nowhere);
    assertNotEquals(0, result.code());
    assertEquals(List.of("file"), Cli.names(folder));
  }
}
