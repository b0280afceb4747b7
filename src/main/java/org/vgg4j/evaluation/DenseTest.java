package org.vgg4j.evaluation;

import java.util.Arrays;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.FullyConvolutional;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;

/** Shows a net whole pictures. */
final class DenseTest implements ScaleTest, AutoCloseable {
  private final ImageSource data;
  private final boolean flip;
  private final Network net;
  private final int batchSize;
  private final long room; // for a shape, in bytes

  DenseTest(Vgg vgg, ImageSource data, boolean flip) {
    this.data = data;
    this.flip = flip;
    batchSize = vgg.network().options().batchSizes().get(0);
    room = vgg.network().options().shapeBytes();
    net = FullyConvolutional.of(vgg, room);
  }

  /** Returns how many pictures of a size are shown at once: as many as there is room for. */
  int most(int height, int width) {
    MemoryPlan one = net.memoryPlan();
    Shape sample = net.executions().get(0).shape();
    double pixels = (double) height * width / (sample.dim(2) * sample.dim(3));
    double fit = room / ((one.activations() + one.inputs()) * pixels);
    return (int) Math.max(1, Math.min(batchSize, fit));
  }

  @Override
  public void see(PictureBatch pictures, int scale, double weight, PosteriorSums sums) {
    Execution at = execution(pictures, scale, pictures.size());
    double share = flip ? weight / 2 : weight;
    run(at, pictures, pictures.values(), share, sums);
    if (flip) {
      float[] mirrored = pictures.values().clone();
      PictureBatch.mirror(mirrored, 0, mirrored.length, pictures.shape().width());
      run(at, pictures, mirrored, share, sums);
    }
  }

  private static void run(
      Execution at, PictureBatch pictures, float[] values, double weight, PosteriorSums sums) {
    int batch = at.batch();
    int each = pictures.shape().bytes();
    double[] logits = new double[batch * sums.classes()];
    for (int first = 0; first < pictures.size(); first += batch) {
      int end = Math.min(pictures.size(), first + batch);
      // A smaller last part leaves zeros in the other rows, which are not read.
      float[] part = Arrays.copyOfRange(values, first * each, end * each);
      at.input().upload(end - first < batch ? Arrays.copyOf(part, batch * each) : part);
      at.forward(false).download(logits);
      for (int i = first; i < end; i++) {
        sums.add(pictures.images()[i], logits, (i - first) * sums.classes(), weight);
      }
    }
  }

  /** Returns the net for so many pictures of a shape, for half of them where memory is short. */
  private Execution execution(PictureBatch pictures, int scale, int batch) {
    ImageShape shape = pictures.shape();
    try {
      return net.execution(Shape.of(batch, shape.channels(), shape.height(), shape.width()));
    } catch (OutOfDeviceMemoryException e) {
      if (batch == 1) {
        throw new InvalidInputException(
            "%s has %d x %d pixels at scale %d: %s; take a smaller scale, or crops"
                .formatted(
                    WholePictures.named(data, pictures.images()[0]),
                    shape.width(),
                    shape.height(),
                    scale,
                    e.getMessage()),
            e);
      }
    }
    return execution(pictures, scale, (batch + 1) / 2);
  }

  @Override
  public void finish(PosteriorSums sums) {
    // Every batch was shown at once.
  }

  @Override
  public void close() {
    net.close();
  }
}
