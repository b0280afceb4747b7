package org.vgg4j.evaluation;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.InputSource;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImageRow;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * A data set in the engine's memory: its images as bytes, and a table of the images in the order of
 * a pass, with their labels and what the net sees of each; every shape of a net takes its batches
 * from that. All of it stays where it is.
 */
final class ResidentImages implements AutoCloseable {
  /** What one copy to the engine brings at most; a multiple of the arenas' alignment. */
  private static final int PIECE = 4 << 20;

  private final Network network;
  private final ImageSource data;
  private final ImageViewSpec spec;
  private final Closing closing = new Closing();
  private final Map<Execution, ImageInput> inputs = new HashMap<>();
  private final long[] places; // where each image begins; null where all have one shape
  private Arena arena; // null before the images are brought
  private Tensor images;
  private Tensor table;

  /** Plans the way of images into all shapes that a net was built for; takes none of them yet. */
  private ResidentImages(Network network, ImageViews views, ImageSource data) {
    this.network = network;
    this.data = data;
    places = data.commonShape() == null ? places(data) : null;
    spec =
        ImageFeed.spec(views.preprocessing(), imageBytes(data), data.size(), views.mostTaps(data));
  }

  private static long[] places(ImageSource data) {
    long[] places = new long[data.size()];
    for (int i = 1; i < places.length; i++) {
      places[i] = places[i - 1] + data.shape(i - 1).bytes();
    }
    return places;
  }

  /**
   * Plans a data set's way into a net; null where the engine keeps none.
   *
   * @param views how the images may be varied
   * @param data whose shapes are known
   */
  static ResidentImages planned(Network network, ImageViews views, ImageSource data) {
    ResidentImages planned = new ResidentImages(network, views, data);
    try {
      for (Execution execution : network.executions()) {
        if (planned.at(execution) == null) {
          return null;
        }
      }
      return planned;
    } catch (RuntimeException | Error e) {
      planned.closing.abandon(e);
      throw e;
    }
  }

  /** Returns the bytes that a data set of known shapes takes. */
  static long bytes(ImageSource data) {
    return Arena.align(imageBytes(data)) + tableBytes(data.size());
  }

  private static long imageBytes(ImageSource data) {
    if (data.commonShape() != null) {
      return (long) data.size() * data.commonShape().bytes();
    }
    long bytes = 0;
    for (int i = 0; i < data.size(); i++) {
      bytes += data.shape(i).bytes();
    }
    return bytes;
  }

  private static long tableBytes(int count) {
    return Arena.align((long) count * ImageRow.BYTES);
  }

  /**
   * Reads all images and brings them to the engine; closes what was planned when that fails.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   * @throws org.vgg4j.tensor.InvalidInputException when an image cannot be used
   */
  void bring() {
    try {
      Backend backend = network.backend();
      Layout ofImages = backend.plainLayout(spec.images(), DType.U8);
      arena = closing.own(backend.allocate(bytes(data), MemoryOwner.DATA_SET));
      images = arena.tensor(0, ofImages);
      table = arena.tensor(tableStart(), backend.plainLayout(spec.table(), DType.U8));
      inputs.values().forEach(input -> input.takeFrom(images, table));
      bringPixels();
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private long tableStart() {
    return Arena.align(imageBytes(data));
  }

  private void bringPixels() {
    ByteBuffer image = ByteBuffer.allocate(0);
    try (HostBuffer host = HostBuffer.direct((int) Math.min(PIECE, imageBytes(data)))) {
      ByteBuffer piece = host.bytes();
      long at = 0;
      for (int i = 0; i < data.size(); i++) {
        int each = data.shape(i).bytes();
        image = image.capacity() < each ? ByteBuffer.allocate(each) : image;
        data.read(i, image.clear(), 0);
        for (image.limit(each); image.hasRemaining(); ) {
          int bytes = Math.min(image.remaining(), piece.remaining());
          piece.put(image.slice(image.position(), bytes));
          image.position(image.position() + bytes);
          if (!piece.hasRemaining() || (i == data.size() - 1 && !image.hasRemaining())) {
            at = upload(piece.flip(), at);
          }
        }
      }
    }
  }

  private long upload(ByteBuffer piece, long at) {
    int bytes = piece.remaining();
    Layout layout = network.backend().plainLayout(Shape.of(bytes), DType.U8);
    arena.tensor(at, layout).upload(piece);
    piece.clear();
    return at + bytes;
  }

  /**
   * Sets the order in which passes take the images, and what the net sees of each: after all that
   * was handed to the engine so far.
   *
   * @param order null for the images' own
   * @throws org.vgg4j.tensor.InvalidInputException when an image does not fit the net
   */
  void see(ImageViews views, int[] order) {
    ByteBuffer piece =
        ByteBuffer.allocateDirect((int) Math.min(PIECE, tableBytes(data.size())))
            .order(ByteOrder.nativeOrder());
    // Of images that all look the same to the net but for their place and label, one is written.
    boolean isUniform = data.commonShape() != null && views.augmentation().isNone();
    ByteBuffer uniform = ByteBuffer.allocate(ImageRow.BYTES).order(ByteOrder.nativeOrder());
    if (isUniform) {
      row(views, 0).write(uniform, 0);
    }
    long at = tableStart();
    for (int i = 0; i < data.size(); i++) {
      int image = order == null ? i : order[i];
      if (isUniform) {
        piece.put(piece.position(), uniform, 0, ImageRow.BYTES);
        ImageRow.place(piece, piece.position(), place(image), data.label(image));
      } else {
        row(views, image).write(piece, piece.position());
      }
      piece.position(piece.position() + ImageRow.BYTES);
      if (!piece.hasRemaining() || i == data.size() - 1) {
        at = upload(piece.flip(), at);
      }
    }
  }

  private ImageRow row(ImageViews views, int image) {
    ImageShape shape = data.shape(image);
    PreprocessedImages.requireChannels(data, image, shape, views.preprocessing());
    return views.of(image, shape).row(place(image), data.label(image), shape);
  }

  private long place(int image) {
    return places == null ? (long) image * data.commonShape().bytes() : places[image];
  }

  /** Returns what brings a batch into a net at a shape; null where the engine keeps no images. */
  InputSource at(Execution execution) {
    ImageInput known = inputs.get(execution);
    if (known != null) {
      return known;
    }
    ImageInput input =
        ImageInput.planned(execution, spec, network.backend(), network.stepState(), true);
    if (input != null) {
      closing.own(input);
      input.takeFrom(images, table);
      inputs.put(execution, input);
    }
    return input;
  }

  @Override
  public void close() {
    closing.close();
  }
}
