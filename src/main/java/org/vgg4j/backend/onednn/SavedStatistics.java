package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Tensor;

/**
 * What the training forward of a batch norm saves, side by side: the mean (C), the biased variance
 * (C) and, where there is more, the rest.
 */
final class SavedStatistics {
  private final OneDnnLayout perChannel;
  private final OneDnnLayout restLayout; // null when there is no more
  private final OneDnnLayout layout;

  private OneDnnTensor all; // the three below are parts of it
  private OneDnnTensor mean;
  private OneDnnTensor variance;
  private OneDnnTensor rest;

  /**
   * Lays them out.
   *
   * @param restOrNull what else is saved
   */
  SavedStatistics(OneDnnLayout perChannel, OneDnnLayout restOrNull) {
    this.perChannel = perChannel;
    restLayout = restOrNull;
    layout = OneDnnLayout.opaque(2 * step() + (restOrNull == null ? 0 : restOrNull.bytes()));
  }

  OneDnnLayout layout() {
    return layout;
  }

  /**
   * Has the parts below be those of a tensor.
   *
   * @param operand its name in a message
   * @throws IllegalArgumentException when it is of another layout
   */
  void bind(Tensor tensor, String operand) {
    OneDnnTensor now = OneDnnTensor.of(tensor, layout, operand);
    if (all != now) {
      all = now;
      mean = all.part(0, perChannel);
      variance = all.part(step(), perChannel);
      rest = restLayout == null ? null : all.part(2 * step(), restLayout);
    }
  }

  OneDnnTensor mean() {
    return mean;
  }

  OneDnnTensor variance() {
    return variance;
  }

  /** Returns what else is saved, null when nothing is. */
  OneDnnTensor rest() {
    return rest;
  }

  private long step() {
    return Arena.align(perChannel.bytes());
  }
}
