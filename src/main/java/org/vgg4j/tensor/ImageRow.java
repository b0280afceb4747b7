package org.vgg4j.tensor;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What an engine that preprocesses itself is told of one image: where its bytes lie, which square
 * of the resized image it becomes, and what is done to that. All rows of a batch or of an epoch are
 * a table of {@value #BYTES} bytes each.
 *
 * @param offset where the image begins among the bytes: (C0, H0, W0)
 * @param label its class
 * @param channels C0: the net's channels, or 1, which is repeated
 * @param height H0
 * @param width W0
 * @param resizedHeight the height of the resized image
 * @param resizedWidth the width of the resized image
 * @param top the first row of the resized image that the net sees
 * @param left the first column of the resized image that the net sees
 * @param flipped whether left and right of the square are exchanged
 * @param shift what is added to each channel of the values in [0, 1], for at most {@value
 *     #MOST_SHIFTS} channels; empty for nothing
 */
public record ImageRow(
    long offset,
    int label,
    int channels,
    int height,
    int width,
    long resizedHeight,
    long resizedWidth,
    long top,
    long left,
    boolean flipped,
    List<Float> shift) {
  /** The bytes of a row. */
  public static final int BYTES = 64;

  /** So many channels can be shifted. */
  public static final int MOST_SHIFTS = 4;

  /** The longest side of a resized image: twice of it and one are positions of 31 bits. */
  private static final int LONGEST = (1 << 30) - 1;

  /** Checks the sizes. */
  public ImageRow {
    if (Math.max(resizedHeight, resizedWidth) > LONGEST) {
      throw new InvalidInputException(
          "an image of %dx%d is too long to be resized to %dx%d"
              .formatted(height, width, resizedHeight, resizedWidth));
    }
  }

  /** Writes this to a table, in the machine's byte order, at the byte {@code at}. */
  public void write(ByteBuffer table, int at) {
    place(table, at, offset, label);
    table.putInt(at + 12, channels);
    table.putInt(at + 16, height);
    table.putInt(at + 20, width);
    table.putInt(at + 24, (int) resizedHeight);
    table.putInt(at + 28, (int) resizedWidth);
    table.putInt(at + 32, (int) top);
    table.putInt(at + 36, (int) left);
    table.putInt(at + 40, flipped ? 1 : 0);
    for (int c = 0; c < MOST_SHIFTS; c++) {
      table.putFloat(at + 44 + 4 * c, c < shift.size() ? shift.get(c) : 0);
    }
    table.putInt(at + 60, 0);
  }

  /** Writes only where the image begins and its label. */
  public static void place(ByteBuffer table, int at, long offset, int label) {
    table.putLong(at, offset);
    table.putInt(at + 8, label);
  }
}
