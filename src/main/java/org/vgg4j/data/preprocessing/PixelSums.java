package org.vgg4j.data.preprocessing;

import java.nio.ByteBuffer;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;

/** Sums over the pixels of images, and of the products of their channels: whole numbers. */
final class PixelSums {
  private final ImageSource source;
  private final Preprocessing how;
  private final int channels;
  private final long[] sums; // (C)
  private final long[][] products; // (C, C), the upper half
  private long count; // of pixels
  private ByteBuffer pixels = ByteBuffer.allocate(0); // of one image

  PixelSums(ImageSource source, Preprocessing how) {
    this.source = source;
    this.how = how;
    channels = how.channels();
    sums = new long[channels];
    products = new long[channels][channels];
  }

  /** Adds an image. */
  void add(int image) {
    ImageShape shape = source.shape(image);
    PreprocessedImages.requireChannels(source, image, shape, how);
    if (pixels.capacity() < shape.bytes()) {
      pixels = ByteBuffer.allocate(shape.bytes());
    }
    source.read(image, pixels, 0);
    int plane = shape.height() * shape.width();
    count += plane;
    int step = shape.channels() == 1 ? 0 : plane;
    for (int a = 0; a < channels; a++) {
      for (int b = a; b < channels; b++) {
        products[a][b] += product(a * step, b * step, plane);
      }
      sums[a] += sum(a * step, plane);
    }
  }

  private long sum(int from, int plane) {
    byte[] bytes = pixels.array();
    long sum = 0;
    for (int i = 0; i < plane; i++) {
      sum += bytes[from + i] & 0xFF;
    }
    return sum;
  }

  private long product(int first, int second, int plane) {
    byte[] bytes = pixels.array();
    long sum = 0;
    for (int i = 0; i < plane; i++) {
      int product = (bytes[first + i] & 0xFF) * (bytes[second + i] & 0xFF);
      sum += product;
    }
    return sum;
  }

  /** Adds the sums over other images. */
  void addAll(PixelSums other) {
    count += other.count;
    for (int a = 0; a < channels; a++) {
      sums[a] += other.sums[a];
      for (int b = a; b < channels; b++) {
        products[a][b] += other.products[a][b];
      }
    }
  }

  ImageStatistics statistics(int images) {
    double[] mean = new double[channels];
    double[][] covariance = new double[channels][channels];
    for (int a = 0; a < channels; a++) {
      mean[a] = (double) sums[a] / count;
    }
    for (int a = 0; a < channels; a++) {
      for (int b = a; b < channels; b++) {
        double value = (products[a][b] - mean[a] * sums[b]) / count / (255 * 255);
        covariance[a][b] = a == b ? Math.max(0, value) : value;
        covariance[b][a] = covariance[a][b];
      }
    }
    for (int a = 0; a < channels; a++) {
      mean[a] /= 255;
    }
    return ImageStatistics.of(images, mean, covariance);
  }
}
