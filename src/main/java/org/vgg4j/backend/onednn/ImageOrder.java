package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/** The orders in which images (N, C, H, W) lie in memory. */
enum ImageOrder {
  /** Row-major. */
  PLAIN(memory.format_tag.abcd, 1),
  /** Channels innermost. */
  NHWC(memory.format_tag.acdb, 0),
  /** Blocks of 8 channels, innermost within a block. */
  BLOCKS_OF_8(memory.format_tag.aBcd8b, 8),
  /** Blocks of 16 channels, innermost within a block. */
  BLOCKS_OF_16(memory.format_tag.aBcd16b, 16);

  private final memory.format_tag tag;
  private final int block; // 0 for all channels

  ImageOrder(memory.format_tag tag, int block) {
    this.tag = tag;
    this.block = block;
  }

  memory.format_tag tag() {
    return tag;
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
      if (x.matches(order.desc(x.shape(), x.dtype()))) {
        return order;
      }
    }
    return null;
  }
}
