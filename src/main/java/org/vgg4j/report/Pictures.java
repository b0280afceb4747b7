package org.vgg4j.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Pictures side by side, each with lines below it. They are part of the page.
 *
 * @param pictures from left to right
 */
public record Pictures(List<Picture> pictures) implements Block {
  /** Copies the list. */
  public Pictures {
    pictures = List.copyOf(pictures);
  }

  /**
   * A picture.
   *
   * @param image what is shown, at one pixel of the page for each of its own
   * @param lines what stands below it; the first also stands for a picture that cannot be seen
   */
  public record Picture(BufferedImage image, List<String> lines) {
    /** Copies the lines. */
    public Picture {
      lines = List.copyOf(lines);
    }
  }

  @Override
  public String html() {
    Html html = new Html().html("<div class=\"pictures\">\n");
    for (Picture picture : pictures) {
      String name = picture.lines().isEmpty() ? "" : picture.lines().get(0);
      // Lines below a small picture are somewhat wider than it.
      html.add("<figure style=\"width:max(8.5em,%dpx)\">", picture.image().getWidth());
      html.html(image(picture.image(), name)).html("<figcaption>");
      picture.lines().forEach(line -> html.add("<span dir=\"auto\">%s</span>", line));
      html.html("</figcaption></figure>\n");
    }
    return html.html("</div>\n").toString();
  }

  /** Returns the element of a picture. */
  static String image(BufferedImage image, String name) {
    return new Html()
        .add(
            "<img src=\"data:image/png;base64,%s\" width=\"%d\" height=\"%d\" alt=\"%s\">",
            Base64.getEncoder().encodeToString(png(image)),
            image.getWidth(),
            image.getHeight(),
            name)
        .toString();
  }

  /** Returns a picture as the bytes of a PNG file. */
  public static byte[] png(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // Not into the bytes themselves: ImageIO would take a temporary file for that, and a shutdown
    // hook, which a process that is being stopped does not get.
    try (MemoryCacheImageOutputStream memory = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", memory);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory takes all
    }
    return bytes.toByteArray();
  }
}
