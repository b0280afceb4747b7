package org.vgg4j.evaluation;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageSource;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.InputSource;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.ResidentImagePlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/**
 * A data set in the engine's memory: its images as bytes, its labels, and an order of the images,
 * from which every shape of a net takes its batches. All of it stays where it is.
 */
final class ResidentImages implements AutoCloseable {
  /** What one copy to the engine brings at most; a multiple of the arenas' alignment. */
  private static final int PIECE = 4 << 20;

  private final Network network;
  private final ImageSpec spec;
  private final int count;
  private final Closing closing = new Closing();
  private final Map<Execution, InputSource> sources = new HashMap<>();
  private Tensor images; // (count, C0, H0, W0), null before they are brought
  private Tensor labels; // (count)
  private Tensor order; // (count)

  /** Plans the way of images into all shapes that a net was built for; takes none of them yet. */
  private ResidentImages(Network network, ImageSpec spec, int count) {
    this.network = network;
    this.spec = spec;
    this.count = count;
  }

  /** Plans a data set's way into a net; null where the engine keeps none. */
  static ResidentImages planned(Network network, ImageSpec spec, int count) {
    ResidentImages planned = new ResidentImages(network, spec, count);
    try {
      for (Execution execution : network.executions()) {
        if (planned.at(execution) == null) {
          return null;
        }
        execution.labels(); // which takes memory that the images must leave
      }
      return planned;
    } catch (RuntimeException | Error e) {
      planned.closing.abandon(e);
      throw e;
    }
  }

  /** Returns the bytes that a data set takes. */
  static long bytes(ImageSource data) {
    return imageBytes(data) + 2 * indexBytes(data.size());
  }

  private static long imageBytes(ImageSource data) {
    return Arena.align((long) data.size() * data.commonShape().bytes());
  }

  private static long indexBytes(int count) {
    return Arena.align((long) count * Integer.BYTES);
  }

  /**
   * Reads all images and brings them to the engine; closes what was planned when that fails.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   * @throws org.vgg4j.tensor.InvalidInputException when an image cannot be used
   */
  void bring(ImageSource data) {
    try {
      take(data);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private void take(ImageSource data) {
    Backend backend = network.backend();
    Arena arena = closing.own(backend.allocate(bytes(data), MemoryOwner.DATA_SET));
    Layout indices = backend.plainLayout(Shape.of(count), DType.I32);
    images = arena.tensor(0, backend.plainLayout(spec.bytes(count), DType.U8));
    labels = arena.tensor(imageBytes(data), indices);
    order = arena.tensor(imageBytes(data) + indexBytes(count), indices);
    labels.upload(IntStream.range(0, count).map(data::label).toArray());
    order.upload(IntStream.range(0, count).toArray());
    bringPixels(data, arena);
  }

  private void bringPixels(ImageSource data, Arena arena) {
    int each = data.commonShape().bytes();
    ByteBuffer image = ByteBuffer.allocate(each);
    try (HostBuffer host = HostBuffer.direct((int) Math.min(PIECE, (long) count * each))) {
      ByteBuffer piece = host.bytes();
      long at = 0;
      for (int i = 0; i < count; i++) {
        data.read(i, image, 0);
        for (image.clear(); image.hasRemaining(); ) {
          int bytes = Math.min(image.remaining(), piece.remaining());
          piece.put(image.slice(image.position(), bytes));
          image.position(image.position() + bytes);
          if (!piece.hasRemaining() || (i == count - 1 && !image.hasRemaining())) {
            at = upload(piece.flip(), arena, at);
          }
        }
      }
    }
  }

  private long upload(ByteBuffer piece, Arena arena, long at) {
    int bytes = piece.remaining();
    Layout layout = network.backend().plainLayout(Shape.of(bytes), DType.U8);
    arena.tensor(at, layout).upload(piece);
    piece.clear();
    return at + bytes;
  }

  /**
   * Sets the order in which passes take the images: after all that was handed to the engine so far.
   */
  void order(int[] next) {
    order.upload(next == null ? IntStream.range(0, count).toArray() : next);
  }

  /** Brings batches into a net at one shape. */
  private final class Batches implements InputSource {
    private final ResidentImagePlan plan;
    private final List<Work> work;
    private final Tensor x; // the net's input
    private final Execution at;

    Batches(ResidentImagePlan plan, List<Work> work, Tensor x, Execution at) {
      this.plan = plan;
      this.work = work;
      this.x = x;
      this.at = at;
    }

    @Override
    public void run() {
      plan.forward(images, labels, order, x, at.labels());
    }

    @Override
    public List<Work> work() {
      return work;
    }
  }

  /** Returns what brings a batch into a net at a shape; null where the engine keeps no images. */
  InputSource at(Execution execution) {
    InputSource known = sources.get(execution);
    if (known != null) {
      return known;
    }
    Tensor x = execution.input();
    ResidentImagePlan plan =
        network.backend().residentImages(spec, count, x.layout(), network.stepState());
    if (plan == null) {
      return null;
    }
    closing.own(plan);
    InputSource source = new Batches(plan, plan.work(), x, execution);
    sources.put(execution, source);
    return source;
  }

  @Override
  public void close() {
    closing.close();
  }
}
