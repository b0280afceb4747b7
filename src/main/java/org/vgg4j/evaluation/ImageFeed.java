package org.vgg4j.evaluation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ImageRow;
import org.vgg4j.tensor.ImageViewSpec;

/**
 * Feeds images to a net from the host: as bytes that the engine preprocesses, if it can, else as
 * floats that the loader's threads have prepared. Both give the same bits.
 */
public final class ImageFeed implements AutoCloseable {
  private final ImageViews views; // of no epoch yet
  private final ImageSource data;
  private final Backend backend;
  private final boolean labelled;
  private final int mostTaps;
  private final Closing closing = new Closing();
  private final Map<Execution, ImageInput> inputs = new HashMap<>();
  private final boolean isOnEngine; // preprocessing is

  /**
   * Plans the feed for all shapes that the net was built for.
   *
   * @param vgg the net, to be closed after the feed
   * @throws org.vgg4j.tensor.InvalidInputException when the images, raw or preprocessed, do not fit
   *     the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public ImageFeed(Vgg vgg, Preprocessing preprocessing, ImageSource data) {
    this(vgg, ImageViews.of(preprocessing), data, false);
  }

  /**
   * Plans the feed.
   *
   * @param views how images may be varied
   * @param labelled whether batches bring their labels into the net
   */
  ImageFeed(Vgg vgg, ImageViews views, ImageSource data, boolean labelled) {
    this.views = views;
    this.data = data;
    this.labelled = labelled;
    Network network = vgg.network();
    backend = network.backend();
    views.preprocessing().requireFits(vgg.config().channels(), vgg.config().imageSize());
    boolean canUpload =
        data.knowsShapes() && data.mostBytes(mostImages(network)) <= ImageShape.MAX_BYTES;
    mostTaps = canUpload ? views.mostTaps(data) : 0;
    try {
      boolean isPlanned = canUpload;
      for (Execution execution : network.executions()) {
        isPlanned = isPlanned && input(execution) != null;
      }
      isOnEngine = isPlanned;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private static int mostImages(Network network) {
    return network.options().batchSizes().stream().mapToInt(Integer::intValue).max().orElse(1);
  }

  /**
   * Returns what the engine should do with images of bytes.
   *
   * @param bytes of all images
   * @param count how many there are
   * @param mostTaps see {@link ImageViews#mostTaps}
   */
  static ImageViewSpec spec(Preprocessing how, long bytes, int count, int mostTaps) {
    boolean isPlain =
        how.mean().stream().allMatch(m -> m == 0) && how.deviation().stream().allMatch(d -> d == 1);
    return new ImageViewSpec(
        bytes,
        count,
        how.channels(),
        how.crop(),
        mostTaps,
        isPlain ? List.of() : how.mean().stream().map(Double::floatValue).toList(),
        isPlain ? List.of() : how.deviation().stream().map(Double::floatValue).toList());
  }

  /** Returns the way into a net at a shape; null where the engine leaves that to the host. */
  private ImageInput input(Execution at) {
    ImageInput known = inputs.get(at);
    if (known != null) {
      return known;
    }
    int batch = at.batch();
    ImageViewSpec spec = spec(views.preprocessing(), (long) data.mostBytes(batch), batch, mostTaps);
    ImageInput input = ImageInput.planned(at, spec, backend, null, labelled);
    if (input != null) {
      closing.own(input);
      input.takeMemory(spec, backend);
      inputs.put(at, input);
    }
    return input;
  }

  /** Prepares a pass, as {@link BatchLoader} does, in memory that the engine uploads from. */
  public BatchLoader loader(BatchSchedule schedule, int[] order, int firstBatch) {
    return loader(schedule, views, order, firstBatch);
  }

  BatchLoader loader(BatchSchedule schedule, ImageViews epoch, int[] order, int firstBatch) {
    return isOnEngine
        ? BatchLoader.ofPixels(data, epoch, schedule, order, firstBatch, backend::newHostBuffer)
        : new BatchLoader(data, epoch, schedule, order, firstBatch, backend::newHostBuffer);
  }

  /**
   * Hands a batch from this feed's loader to the engine without waiting; the batch may be returned
   * to the loader at once.
   *
   * @param at the net at the batch size to run, at most that of the loader; its next {@link
   *     Execution#forward(boolean)} takes the batch
   */
  public void load(Batch batch, Execution at) {
    if (isOnEngine) {
      ImageInput input = input(at);
      input.images().uploadAsync(batch.images(), batch.bytes());
      input.table().uploadAsync(batch.table(), at.batch() * ImageRow.BYTES);
      at.startWith(input);
      return;
    }
    at.startWith(null);
    at.input().uploadFloatsAsync(batch.images());
    if (labelled) {
      at.labels().uploadAsync(batch.labels());
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
