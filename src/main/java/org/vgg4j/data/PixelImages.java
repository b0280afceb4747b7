package org.vgg4j.data;

/** Images as the data set has them, a byte a value: for an engine that resizes them itself. */
final class PixelImages implements BatchImages {
  private final ImageDataset data;
  private final int imageBytes;

  PixelImages(ImageDataset data) {
    this.data = data;
    imageBytes = data.channels() * data.height() * data.width();
  }

  @Override
  public Batch buffer(int batchSize) {
    int bytes = BatchImages.elements(batchSize, data.channels(), data.height(), data.width());
    return new Batch(null, new byte[bytes], new int[batchSize], 0, 0);
  }

  @Override
  public void put(int image, Batch batch, int row) {
    int from = image * imageBytes;
    System.arraycopy(data.pixels(), from, batch.pixels(), row * imageBytes, imageBytes);
  }
}
