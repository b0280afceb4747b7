package org.vgg4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Colour in grey, and grey as it is. */
final class GreyImagesTest {
  @Test
  void eachImageHasItsBrightness() {
    ImageSource mixed = new MixedImages(9);
    ImageSource grey = mixed.forChannels(1);
    assertEquals(mixed.checksum(), grey.checksum());
    for (int i = 0; i < grey.size(); i++) {
      ImageShape shape = mixed.shape(i);
      int plane = shape.height() * shape.width();
      assertEquals(new ImageShape(1, shape.height(), shape.width()), grey.shape(i));
      assertEquals(mixed.label(i), grey.label(i));
      byte[] given = new byte[shape.bytes()];
      mixed.read(i, ByteBuffer.wrap(given), 0);
      byte[] expected = new byte[2 + plane];
      for (int p = 0; p < plane; p++) {
        int red = given[p] & 0xFF;
        int green = given[shape.channels() == 1 ? p : plane + p] & 0xFF;
        int blue = given[shape.channels() == 1 ? p : 2 * plane + p] & 0xFF;
        expected[2 + p] = (byte) Math.round((299 * red + 587 * green + 114 * blue) / 1000.0);
      }
      byte[] read = new byte[2 + plane];
      grey.read(i, ByteBuffer.wrap(read), 2);
      assertArrayEquals(expected, read);
    }
  }

  @Test
  void onlyANetOfOneChannelNeedsIt() {
    ImageSource colour =
        new InMemoryImages("a", new ImageShape(3, 1, 1), List.of("a"), new byte[3], new int[1]);
    ImageSource grey =
        new InMemoryImages("b", new ImageShape(1, 1, 1), List.of("a"), new byte[1], new int[1]);
    assertEquals(new ImageShape(1, 1, 1), colour.forChannels(1).commonShape());
    assertSame(colour, colour.forChannels(3));
    assertSame(grey, grey.forChannels(1));
    assertSame(grey, grey.forChannels(3));
  }
}
