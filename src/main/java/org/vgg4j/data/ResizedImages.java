package org.vgg4j.data;

import org.vgg4j.tensor.InvalidInputException;

/** Images as a net takes them: resized, scaled to [0, 1], a grey channel repeated. */
final class ResizedImages implements BatchImages {
  private final ImageDataset data;
  private final int imageSize;
  private final int channels;
  private final BilinearResize resize;

  /** Checks that a net of {@code channels} channels can take the images. */
  ResizedImages(ImageDataset data, int imageSize, int channels) {
    this.data = data;
    this.imageSize = imageSize;
    this.channels = channels;
    if (imageSize < 1 || channels < 1) {
      throw new InvalidInputException(
          "a batch of images of %dx%dx%d has none".formatted(channels, imageSize, imageSize));
    }
    if (data.channels() != channels && data.channels() != 1) {
      throw new InvalidInputException(
          "a net of "
              + channels
              + " channels cannot take "
              + data.name()
              + " with "
              + data.channels());
    }
    resize = new BilinearResize(data.height(), data.width(), imageSize);
  }

  @Override
  public Batch buffer(int batchSize) {
    int floats = BatchImages.elements(batchSize, channels, imageSize, imageSize);
    return new Batch(new float[floats], null, new int[batchSize], 0, 0);
  }

  @Override
  public void put(int image, Batch batch, int row) {
    int plane = data.height() * data.width();
    int outPlane = imageSize * imageSize;
    for (int c = 0; c < channels; c++) {
      int from = (image * data.channels() + (data.channels() == 1 ? 0 : c)) * plane;
      int into = (row * channels + c) * outPlane;
      if (c > 0 && data.channels() == 1) {
        System.arraycopy(batch.x(), into - outPlane, batch.x(), into, outPlane);
      } else {
        resize.resize(data.pixels(), from, batch.x(), into);
      }
    }
  }
}
