package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.DType;

/**
 * Products of tiles in two dimensions in C++ ({@code native/cpu/products.cpp}), which for these
 * shapes take two thirds to nine tenths of the time that oneDNN's convolutions take. It is a part
 * of {@link CpuLibrary}.
 */
final class NativeProducts implements Products {
  private final Dnnl context;
  private final WinogradShape shape;
  private final OneDnnLayout x;
  private final OneDnnLayout y;
  private final int points;
  private final int tiles;
  private final int xBlocks;
  private final int yBlocks;

  NativeProducts(Dnnl context, WinogradShape shape) {
    this.context = context;
    this.shape = shape;
    x = shape.transformedX();
    y = shape.transformedY();
    points = shape.points();
    tiles = x.shape().dim(3);
    xBlocks = blocks(x);
    yBlocks = blocks(y);
  }

  private int blocks(OneDnnLayout values) {
    return values.shape().dim(1) / points / WinogradShape.BLOCK;
  }

  @Override
  public void forward(OneDnnTensor from, OneDnnTensor w, OneDnnTensor biases, OneDnnTensor to) {
    long begun = begin();
    multiply(
        from.address(),
        w.address(),
        biases == null ? 0 : biases.address() + sumOfChannels(),
        to.address(),
        points,
        tiles,
        xBlocks,
        yBlocks,
        1,
        xBlocks,
        shape.sum());
    end("convolution", begun);
  }

  @Override
  public void data(OneDnnTensor flippedW, OneDnnTensor dy, OneDnnTensor dx) {
    long begun = begin();
    multiply(
        dy.address(),
        flippedW.address(),
        0,
        dx.address(),
        points,
        tiles,
        yBlocks,
        xBlocks,
        xBlocks,
        1,
        shape.sum());
    end("convolution data gradient", begun);
  }

  @Override
  public void weights(
      OneDnnTensor from, OneDnnTensor dy, OneDnnTensor dw, OneDnnTensor biases, boolean add) {
    long begun = begin();
    weights(from.address(), dy.address(), dw.address(), points, tiles, xBlocks, yBlocks, add);
    if (biases != null) {
      sums(
          dy.address() + sumOfChannels() * tiles,
          biases.address() + sumOfChannels(),
          tiles,
          yBlocks);
    }
    end("convolution weights gradient", begun);
  }

  @Override
  public boolean addUp() {
    return true;
  }

  /** Returns the bytes before a value for each channel of y in the group that is a plain sum. */
  private long sumOfChannels() {
    return (long) shape.sum() * yBlocks * WinogradShape.BLOCK * Float.BYTES;
  }

  private long begin() {
    context.checkThread();
    return context.begin();
  }

  private void end(String name, long begun) {
    long filters = (long) points * xBlocks * yBlocks * WinogradShape.BLOCK * WinogradShape.BLOCK;
    long bytes = x.bytes() + y.bytes() + filters * DType.F32.bytes();
    context.end(new Cost(name, Cost.CPP, false, bytes, shape.multiplyAdds()), begun);
  }

  private static native void multiply(
      long values,
      long filters,
      long biases,
      long sums,
      int groups,
      int tiles,
      int in,
      int out,
      int inStep,
      int outStep,
      int biased);

  private static native void weights(
      long values,
      long gradients,
      long filters,
      int groups,
      int tiles,
      int in,
      int out,
      boolean add);

  private static native void sums(long values, long sums, int tiles, int blocks);
}
