package org.vgg4j.evaluation;

import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/**
 * Feeds a labelled data set to a net, pass after pass: from the engine's memory, where it lies
 * there, else from the host. Both give the same bits.
 */
public final class DataFeed implements AutoCloseable {
  private final ImageSource data;
  private final ResidentImages resident; // null on the host
  private final ImageFeed host; // null on the engine
  private final ImagePlace place;

  /** A data set that lies in the engine's memory, or why it does not. */
  private record Attempt(ResidentImages images, String refusal) {}

  /**
   * Brings a data set to where it is to lie.
   *
   * @param vgg the net, to be closed after the feed
   * @param data must give the same images at each read
   * @throws InvalidInputException when the images do not fit the net, or are to lie in the engine's
   *     memory and cannot
   * @throws OutOfDeviceMemoryException when there is not enough memory
   */
  public DataFeed(Vgg vgg, Preprocessing preprocessing, ImageSource data, DataOn where) {
    this(vgg, preprocessing, data, where, Long.MAX_VALUE);
  }

  /**
   * Does the same within a limit.
   *
   * @param room the most bytes of the engine's memory that the data set may take
   */
  public DataFeed(Vgg vgg, Preprocessing preprocessing, ImageSource data, DataOn where, long room) {
    this.data = data;
    preprocessing.requireFits(vgg.config().channels(), vgg.config().imageSize());
    Attempt attempt =
        where == DataOn.HOST
            ? new Attempt(null, "as asked for")
            : attempt(vgg.network(), preprocessing, data, room);
    if (where == DataOn.DEVICE) {
      require(attempt.refusal);
    }
    resident = attempt.images;
    host = resident == null ? new ImageFeed(vgg, preprocessing, data) : null;
    place = new ImagePlace(resident == null ? 0 : bytes(data), attempt.refusal);
  }

  private static Attempt attempt(
      Network network, Preprocessing preprocessing, ImageSource data, long room) {
    ImageSpec spec = ImageFeed.spec(preprocessing, data);
    if (spec == null) {
      return new Attempt(null, refusal(preprocessing, data, 0, network.backend()));
    }
    ResidentImages images = ResidentImages.planned(network, spec, data.size());
    if (images == null) {
      return new Attempt(
          null, "the " + network.backend().name() + " engine has no memory of its own");
    }
    String refusal = refusal(preprocessing, data, 0, network.backend());
    if (refusal == null && bytes(data) > room) {
      refusal =
          "the images of %s need %s, and the limit of memory leaves them %s"
              .formatted(
                  data.name(), ImagePlace.text(bytes(data)), ImagePlace.text(Math.max(0, room)));
    }
    try {
      if (refusal == null) {
        images.bring(data);
        return new Attempt(images, null);
      }
    } catch (OutOfDeviceMemoryException e) { // other processes take memory, too
      refusal = e.getMessage();
    }
    images.close();
    return new Attempt(null, refusal);
  }

  /**
   * Returns why a data set cannot lie in the memory of an engine that keeps data sets; null when it
   * can.
   *
   * @param stillToTake bytes of the engine's memory that something else is going to take
   */
  public static String refusal(
      Preprocessing preprocessing, ImageSource data, long stillToTake, Backend backend) {
    if (data.commonShape() == null) {
      return "the images of " + data.name() + " differ in shape";
    }
    if (!preprocessing.onlyResizes()) {
      return "the host preprocesses the images of " + data.name();
    }
    long free = Math.max(0, backend.availableBytes() - stillToTake);
    return bytes(data) <= free
        ? null
        : "the images of %s need %s, and %s of %s are free beside the training"
            .formatted(
                data.name(),
                ImagePlace.text(bytes(data)),
                ImagePlace.text(free),
                backend.memoryLimit());
  }

  /**
   * Refuses {@link DataOn#DEVICE} for a reason.
   *
   * @param refusal from {@link #refusal}, null when there is none
   */
  public static void require(String refusal) {
    if (refusal != null) {
      throw InvalidInputException.of("dataOn", "cannot be device: " + refusal);
    }
  }

  /** Returns the bytes that a data set of one shape takes in an engine's memory. */
  public static long bytes(ImageSource data) {
    return ResidentImages.bytes(data);
  }

  /** Returns the same, 0 for images of several shapes, which cannot lie there. */
  public static long bytesOrZero(ImageSource data) {
    return data.commonShape() == null ? 0 : bytes(data);
  }

  /** Returns where the data set lies. */
  public ImagePlace place() {
    return place;
  }

  /** Returns the data set. */
  public ImageSource data() {
    return data;
  }

  /**
   * Begins a pass; the one before must be done.
   *
   * @param schedule how the images fall into batches
   * @param order the order of the images, null for their own
   * @param firstBatch how many batches to skip at the start, at most all
   */
  public BatchPass pass(BatchSchedule schedule, int[] order, int firstBatch) {
    if (resident == null) {
      return new HostPass(host, schedule, order, firstBatch);
    }
    resident.order(order);
    return new ResidentPass(resident, schedule, firstBatch);
  }

  @Override
  public void close() {
    if (resident != null) {
      resident.close();
    }
  }
}
