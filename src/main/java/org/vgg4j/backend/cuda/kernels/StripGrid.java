package org.vgg4j.backend.cuda.kernels;

import org.vgg4j.tensor.DType;

/**
 * How the kernels of a net's first block split images of many channels: into parts of the strips of
 * pixels and groups of channels, a block each.
 *
 * @param parts into how many parts the strips are split
 * @param groups into how many groups the channels are split
 */
public record StripGrid(int parts, int groups) {
  static final int THREADS = 128;
  private static final int FORWARD_LANES = 16;
  private static final int BACKWARD_LANES = 32;
  private static final int BACKWARD_CHANNELS = 2; // of a lane, where their number is even

  private static final int TILES = THREADS / 32; // a warp each
  private static final int TILE_CHANNELS = 64;

  /** Whole rounds of the blocks that fit on a multiprocessor, 2 or 3. */
  private static final int FORWARD_BLOCKS = 12;

  /** Fewer, since each leaves sums. */
  private static final int BACKWARD_BLOCKS = 6;

  static StripGrid forward(long strips, int channels, DType type, int multiprocessors) {
    int vector = ChannelGrid.VECTOR_BYTES / type.bytes();
    int lanes = channels % vector == 0 ? channels / vector : channels;
    return of(strips, lanes, FORWARD_LANES, FORWARD_BLOCKS * multiprocessors);
  }

  static StripGrid backward(long strips, int channels, int multiprocessors) {
    int lanes = channels % BACKWARD_CHANNELS == 0 ? channels / BACKWARD_CHANNELS : channels;
    return of(strips, lanes, BACKWARD_LANES, BACKWARD_BLOCKS * multiprocessors);
  }

  /** Returns the grid of the kernels that compute tiles of pixels by matrix products. */
  static StripGrid tiles(long tiles, int channels, boolean backward, int multiprocessors) {
    int groups = (channels + TILE_CHANNELS - 1) / TILE_CHANNELS;
    int blocks = (backward ? BACKWARD_BLOCKS : FORWARD_BLOCKS) * multiprocessors;
    return new StripGrid(parts(tiles, TILES, Math.max(1, blocks / groups)), groups);
  }

  private static StripGrid of(long strips, int lanes, int mostLanes, int blocks) {
    int width = Integer.highestOneBit(Math.min(lanes, mostLanes));
    int groups = (lanes + width - 1) / width;
    return new StripGrid(parts(strips, THREADS / width, Math.max(1, blocks / groups)), groups);
  }

  /** Returns how many blocks have something to do, if each takes so many strips at once. */
  static int parts(long strips, int ofBlock, int most) {
    return (int) Math.max(1, Math.min((strips + ofBlock - 1) / ofBlock, most));
  }

  int blocks() {
    return parts * groups;
  }
}
