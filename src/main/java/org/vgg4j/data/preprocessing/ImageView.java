package org.vgg4j.data.preprocessing;

import java.util.List;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.ImageRow;

/**
 * What a net sees of one image: how it is resized, which window of that is kept, and what is done
 * to that window.
 *
 * @param window the resized image and the window
 * @param flipped whether left and right are exchanged
 * @param shift what is added to each channel of the values in [0, 1]; empty for nothing
 */
public record ImageView(ResizeWindow window, boolean flipped, List<Float> shift) {
  /** Copies the shift. */
  public ImageView {
    shift = List.copyOf(shift);
  }

  /** Returns what evaluation sees: the centre. */
  public static ImageView centre(Preprocessing how, ImageShape shape) {
    return new ImageView(ResizeWindow.of(how, shape.height(), shape.width()), false, List.of());
  }

  /**
   * Returns all of an image, resized to a scale as a preprocessing resizes to its own.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when that is too large for an array
   */
  public static ImageView whole(Preprocessing how, int scale, ImageShape shape) {
    ResizeWindow resized = ResizeWindow.resized(how, scale, shape.height(), shape.width());
    return new ImageView(resized.whole(how.channels()), false, List.of());
  }

  /** Returns what is added to a channel. */
  public float shift(int channel) {
    return shift.isEmpty() ? 0 : shift.get(channel);
  }

  /** Returns whether another view takes the same values of an image of the same shape. */
  boolean takesThoseOf(ImageView other) {
    return other != null && flipped == other.flipped && window.equals(other.window);
  }

  /**
   * Returns this as an engine that preprocesses itself takes it.
   *
   * @param offset where the image's bytes begin
   * @throws org.vgg4j.tensor.InvalidInputException when the resized image is too long for that
   */
  public ImageRow row(long offset, int label, ImageShape shape) {
    return new ImageRow(
        offset,
        label,
        shape.channels(),
        shape.height(),
        shape.width(),
        window.height(),
        window.width(),
        window.top(),
        window.left(),
        flipped,
        shift);
  }
}
