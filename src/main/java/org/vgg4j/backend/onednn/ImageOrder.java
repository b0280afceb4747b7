package org.vgg4j.backend.onednn;

import java.util.Arrays;
import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/** The orders in which images (N, C, H, W) lie in memory. */
enum ImageOrder {
  /** What oneDNN prefers: blocks of 16 channels where registers hold 16 floats. */
  ANY("any", memory.format_tag.any, 1),
  /** Row-major. */
  PLAIN("plain", memory.format_tag.abcd, 1),
  /** Channels innermost. */
  NHWC("nhwc", memory.format_tag.acdb, 0),
  /** Blocks of 8 channels, innermost within a block. */
  BLOCKS_OF_8("blocks8", memory.format_tag.aBcd8b, 8),
  /** Blocks of 16 channels, innermost within a block. */
  BLOCKS_OF_16("blocks16", memory.format_tag.aBcd16b, 16);

  private final String text;
  private final memory.format_tag tag;
  private final int block; // 0 for all channels

  ImageOrder(String text, memory.format_tag tag, int block) {
    this.text = text;
    this.tag = tag;
    this.block = block;
  }

  /** Returns the name that is stored. */
  String text() {
    return text;
  }

  /** Returns the order with a name; null when there is none. */
  static ImageOrder of(String text) {
    return Arrays.stream(values()).filter(o -> o.text.equals(text)).findFirst().orElse(null);
  }

  /** Returns how many neighbouring values belong to one pixel of images with so many channels. */
  int block(int channels) {
    return block == 0 ? channels : block;
  }

  /** Returns the descriptor of images in this order. */
  memory.desc desc(Shape shape, DType type) {
    return Dnnl.ordered(shape, type, tag);
  }

  /** Returns the order of images; null for one that is not here. */
  static ImageOrder of(OneDnnLayout x) {
    for (ImageOrder order : values()) {
      if (order != ANY && x.matches(order.desc(x.shape(), x.dtype()))) {
        return order;
      }
    }
    return null;
  }
}
