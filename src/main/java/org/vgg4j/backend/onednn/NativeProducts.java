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
  private final int points;
  private final int xBlocks;
  private final int yBlocks;

  NativeProducts(Dnnl context, WinogradShape shape) {
    this.context = context;
    this.shape = shape;
    points = shape.points();
    xBlocks = blocks(shape.transformedX());
    yBlocks = blocks(shape.transformedY());
  }

  private int blocks(OneDnnLayout values) {
    return values.shape().dim(1) / points / WinogradShape.BLOCK;
  }

  @Override
  public void forward(
      Tiles.Part part, OneDnnTensor from, OneDnnTensor w, OneDnnTensor biases, OneDnnTensor to) {
    long begun = begin();
    multiply(
        from.address(),
        w.address(),
        biases == null ? 0 : biases.address() + sumOfChannels(),
        to.address(),
        points,
        shape.tiles(part),
        xBlocks,
        yBlocks,
        1,
        xBlocks,
        shape.sum());
    end("convolution", part, begun);
  }

  @Override
  public void data(Tiles.Part part, OneDnnTensor flippedW, OneDnnTensor dy, OneDnnTensor dx) {
    long begun = begin();
    multiply(
        dy.address(),
        flippedW.address(),
        0,
        dx.address(),
        points,
        shape.tiles(part),
        yBlocks,
        xBlocks,
        xBlocks,
        1,
        shape.sum());
    end("convolution data gradient", part, begun);
  }

  @Override
  public void weights(
      Tiles.Part part,
      OneDnnTensor from,
      OneDnnTensor dy,
      OneDnnTensor dw,
      OneDnnTensor biases,
      boolean add) {
    long begun = begin();
    int tiles = shape.tiles(part);
    weights(from.address(), dy.address(), dw.address(), points, tiles, xBlocks, yBlocks, add);
    if (biases != null) {
      sums(
          dy.address() + sumOfChannels() * tiles,
          biases.address() + sumOfChannels(),
          tiles,
          yBlocks);
    }
    end("convolution weights gradient", part, begun);
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

  private void end(String name, Tiles.Part part, long begun) {
    long filters = (long) xBlocks * yBlocks * WinogradShape.BLOCK;
    long values = filters + (long) (xBlocks + yBlocks) * shape.tiles(part);
    long bytes = points * values * WinogradShape.BLOCK * DType.F32.bytes();
    context.end(new Cost(name, Cost.CPP, false, bytes, shape.multiplyAdds(part)), begun);
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
