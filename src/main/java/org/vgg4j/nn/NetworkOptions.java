package org.vgg4j.nn;

import java.util.Comparator;
import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The options of a net.
 *
 * @param batchSizes the batch sizes it will run at, kept largest first; the largest determines
 *     memory
 * @param training whether it will be trained
 * @param seed the seed of initial values and dropout
 * @param inputGradient whether a backward also computes the input's gradient
 * @param repeatedBackward whether a forward may be followed by several backwards; else a backward
 *     overwrites what the forward kept, but for the output, and the net takes less memory
 * @param initialValues whether parameters are initialized; otherwise they stay zero until a file is
 *     loaded
 * @param shapeBytes the most bytes for input shapes that the net was not built for
 * @param recomputation what a training computes again instead of keeping it
 * @param labelSmoothing the share of each sample's target that the loss of a training spreads
 *     evenly over all classes, in [0, 1)
 * @param frozen the names of the layers that a training leaves as they are, such as features.3
 * @param normSums makes batch norms take their statistics over all ranks of a training; null for
 *     those of a rank's own images
 */
public record NetworkOptions(
    List<Integer> batchSizes,
    boolean training,
    long seed,
    boolean inputGradient,
    boolean repeatedBackward,
    boolean initialValues,
    long shapeBytes,
    Recomputation recomputation,
    double labelSmoothing,
    List<String> frozen,
    NormSums normSums) {
  /** 1 GiB. */
  public static final long DEFAULT_SHAPE_BYTES = 1L << 30;

  /** Checks and orders the batch sizes. */
  public NetworkOptions {
    if (batchSizes.isEmpty()) {
      throw new InvalidInputException("a net needs a batch size");
    }
    for (int batch : batchSizes) {
      InvalidInputException.requireAtLeast(1, "batchSize", batch);
    }
    batchSizes = batchSizes.stream().distinct().sorted(Comparator.reverseOrder()).toList();
    frozen = List.copyOf(frozen);
    if (inputGradient && !training) {
      throw new InvalidInputException("a net built for inference has no input gradient");
    }
  }

  /**
   * Creates options of a net that computes nothing again; with the input's gradient a forward may
   * be followed by several backwards.
   */
  public NetworkOptions(
      List<Integer> batchSizes,
      boolean training,
      long seed,
      boolean inputGradient,
      boolean initialValues,
      long shapeBytes) {
    this(
        batchSizes,
        training,
        seed,
        inputGradient,
        inputGradient,
        initialValues,
        shapeBytes,
        Recomputation.NONE,
        0,
        List.of(),
        null);
  }

  /** Returns options for training at the given batch sizes, with seed 0. */
  public static NetworkOptions training(Integer... batchSizes) {
    return new NetworkOptions(List.of(batchSizes), true, 0, false, true, DEFAULT_SHAPE_BYTES);
  }

  /** Returns options for inference at the given batch sizes, with seed 0. */
  public static NetworkOptions inference(Integer... batchSizes) {
    return new NetworkOptions(List.of(batchSizes), false, 0, false, true, DEFAULT_SHAPE_BYTES);
  }

  /** Returns these options with another seed. */
  public NetworkOptions withSeed(long other) {
    return new NetworkOptions(
        batchSizes,
        training,
        other,
        inputGradient,
        repeatedBackward,
        initialValues,
        shapeBytes,
        recomputation,
        labelSmoothing,
        frozen,
        normSums);
  }

  /**
   * Returns these options with the input's gradient, and for several backwards after a forward: for
   * whoever looks at gradients.
   */
  public NetworkOptions withInputGradient() {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        true,
        true,
        initialValues,
        shapeBytes,
        recomputation,
        labelSmoothing,
        frozen,
        normSums);
  }

  /** Returns these options for several backwards after a forward. */
  public NetworkOptions withRepeatedBackward() {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        true,
        initialValues,
        shapeBytes,
        recomputation,
        labelSmoothing,
        frozen,
        normSums);
  }

  /** Returns these options for a net whose parameters will be loaded. */
  public NetworkOptions withoutInitialValues() {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        repeatedBackward,
        false,
        shapeBytes,
        recomputation,
        labelSmoothing,
        frozen,
        normSums);
  }

  /** Returns these options with another memory limit for further input shapes. */
  public NetworkOptions withShapeBytes(long other) {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        repeatedBackward,
        initialValues,
        other,
        recomputation,
        labelSmoothing,
        frozen,
        normSums);
  }

  /** Returns these options with something computed again instead of kept. */
  public NetworkOptions withRecomputation(Recomputation other) {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        repeatedBackward,
        initialValues,
        shapeBytes,
        other,
        labelSmoothing,
        frozen,
        normSums);
  }

  /** Returns these options with other layers that a training leaves as they are. */
  public NetworkOptions withFrozen(List<String> others) {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        repeatedBackward,
        initialValues,
        shapeBytes,
        recomputation,
        labelSmoothing,
        others,
        normSums);
  }

  /** Returns these options with a loss of smoothed labels. */
  public NetworkOptions withLabelSmoothing(double other) {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        repeatedBackward,
        initialValues,
        shapeBytes,
        recomputation,
        other,
        frozen,
        normSums);
  }

  /** Returns these options with batch norms over all ranks of a training. */
  public NetworkOptions withNormSums(NormSums other) {
    return new NetworkOptions(
        batchSizes,
        training,
        seed,
        inputGradient,
        repeatedBackward,
        initialValues,
        shapeBytes,
        recomputation,
        labelSmoothing,
        frozen,
        other);
  }
}
