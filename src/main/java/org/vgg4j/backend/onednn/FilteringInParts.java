package org.vgg4j.backend.onednn;

import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Usage;

/**
 * Filtering of a part of the images at a time, and of their tiles, so that the transformed values
 * stay in the cache and take little memory. In each part all threads transform it, then they share
 * the products by groups and channels, so that filters, of which there may be many, are read by one
 * thread each.
 */
final class FilteringInParts implements Filtering {
  private final Conv2dSpec spec;
  private final WinogradShape shape;
  private final FilterTransform filters;
  private final OneDnnLayout x;
  private final OneDnnLayout y;
  private final Scratch.Place vPlace; // transformed x
  private final Scratch.Place mPlace; // transformed y
  private final Scratch.Place biasPlace; // biases of all groups; null without a bias
  private final Tiles xTiles; // read with a row and a column before and after each
  private final Tiles yTiles;
  private final Tiles dxTiles;
  private final Tiles dyTiles; // read with a row and a column before and after each
  private final Products products;

  /**
   * Plans it in a convolution.
   *
   * @param w the layout of the forward's filters
   */
  FilteringInParts(
      OneDnnPlan plan,
      Conv2dSpec spec,
      WinogradShape shape,
      FilterTransform filters,
      OneDnnLayout w,
      Usage usage,
      Convolutions way) {
    this.spec = spec;
    this.shape = shape;
    this.filters = filters;
    x = shape.x();
    y = shape.y();
    Dnnl context = plan.context();
    xTiles = shape.tilesOf(context, "x", spec.inChannels(), -1);
    yTiles = shape.tilesOf(context, "y", spec.outChannels(), 0);
    dxTiles = shape.tilesOf(context, "dx", spec.inChannels(), 0);
    dyTiles = shape.tilesOf(context, "dy", spec.outChannels(), -1);
    vPlace = plan.place(shape.transformedX());
    mPlace = plan.place(shape.transformedY());
    biasPlace = spec.bias() ? plan.place(shape.biases()) : null;
    products =
        WinogradShape.isSquare(way) && CpuLibrary.isLoaded()
            ? new NativeProducts(context, shape)
            : new OneDnnProducts(plan, shape, w, spec.bias(), usage);
  }

  /** Works on a part of the images, from an image on. */
  private interface Work {
    void run(int image, Tiles.Part part);
  }

  /** Does something for each part of the images that is worked on at a time. */
  private void parts(Work work) {
    for (int image = 0; image < x.shape().dim(0); image += shape.images()) {
      for (int i = 0; i < shape.parts(); i++) {
        work.run(image, shape.part(i));
      }
    }
  }

  private static long image(long address, OneDnnLayout layout, int image) {
    return address + layout.bytes() / layout.shape().dim(0) * image;
  }

  @Override
  public void forward(long from, OneDnnTensor w, OneDnnTensor biases, long to) {
    OneDnnTensor added = biases == null ? null : biasPlace.tensor();
    if (biases != null) {
      float[] own = new float[spec.outChannels()];
      biases.read(own);
      float[] all = new float[shape.points() * own.length];
      System.arraycopy(own, 0, all, shape.sum() * own.length, own.length);
      added.write(all);
    }
    parts(
        (image, part) -> {
          OneDnnTensor in = vPlace.tensor();
          OneDnnTensor out = mPlace.tensor();
          xTiles.transform(RowTransform.INPUT, image(from, x, image), part, in.address());
          products.forward(part, in, w, added, out);
          yTiles.back(
              RowTransform.OUTPUT, out.address(), part, image(to, y, image), false, spec.relu());
        });
  }

  @Override
  public void data(OneDnnTensor flippedW, long dy, long dx) {
    parts(
        (image, part) -> {
          OneDnnTensor in = mPlace.tensor();
          OneDnnTensor out = vPlace.tensor();
          dyTiles.transform(RowTransform.INPUT, image(dy, y, image), part, in.address());
          products.data(part, flippedW, in, out);
          dxTiles.back(RowTransform.OUTPUT, out.address(), part, image(dx, x, image), false, false);
        });
  }

  @Override
  public void weights(long fromX, long fromY, OneDnnTensor transformed, long dw, OneDnnTensor db) {
    float[] sums = new float[biasPlace == null ? 0 : spec.outChannels()];
    float[] all = new float[shape.points() * sums.length];
    parts(
        (image, part) -> {
          OneDnnTensor in = vPlace.tensor();
          OneDnnTensor out = mPlace.tensor();
          xTiles.transform(RowTransform.INPUT, image(fromX, x, image), part, in.address());
          yTiles.transform(
              RowTransform.OUTPUT_GRADIENT, image(fromY, y, image), part, out.address());
          boolean isFirst = image == 0 && part.begin() == 0;
          OneDnnTensor biases = biasPlace == null ? null : biasPlace.tensor();
          products.weights(part, in, out, transformed, biases, !isFirst);
          if (!products.addUp()) {
            filters.back(RowTransform.FILTER_GRADIENT, transformed.address(), dw, !isFirst);
          }
          if (biases != null) {
            biases.read(all);
            for (int k = 0; k < sums.length; k++) {
              sums[k] += all[shape.sum() * sums.length + k];
            }
          }
        });
    if (products.addUp()) {
      filters.back(RowTransform.FILTER_GRADIENT, transformed.address(), dw, false);
    }
    if (db != null) {
      db.write(sums);
    }
  }
}
