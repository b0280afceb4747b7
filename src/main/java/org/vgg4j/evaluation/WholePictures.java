package org.vgg4j.evaluation;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageView;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeWindow;
import org.vgg4j.tensor.InvalidInputException;

/**
 * All pictures of a data set, whole, at one scale: in batches of one shape, shape after shape.
 * While one batch is in use, threads prepare the next.
 */
final class WholePictures implements AutoCloseable {
  /** The threads' name. */
  static final String THREADS = "vgg4j-pictures";

  /** More threads would wait for memory rather than compute. */
  private static final int MOST_THREADS = 8;

  /** The most values of a batch of several pictures: three batches are held at a time. */
  private static final long MOST_VALUES = 1L << 24;

  /** The largest part of Java's heap that one picture takes. */
  private static final int HEAP_SHARE = 8;

  private final ImageSource data;
  private final Preprocessing how;
  private final int scale;
  private final Iterator<Plan> plans;
  private final ExecutorService threads;
  private final Queue<PreprocessedImages> readers = new ConcurrentLinkedQueue<>(); // that are free
  private Preparation ahead; // null at the end

  /** Which images are the next batch. */
  private record Plan(int[] images, int height, int width) {}

  /** A batch, and who fills it. */
  private record Preparation(PictureBatch batch, List<Future<?>> parts) {}

  /** An image with its size at the scale. */
  private record Sized(int image, int height, int width) {}

  /**
   * Begins.
   *
   * @param most the most pictures of a height and a width in a batch
   * @throws InvalidInputException when a picture is too large
   */
  WholePictures(ImageSource data, Preprocessing how, int scale, IntBinaryOperator most) {
    this.data = data;
    this.how = how;
    this.scale = scale;
    plans = plans(most).iterator();
    threads =
        Executors.newFixedThreadPool(
            Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()),
            task -> {
              Thread thread = new Thread(task, THREADS);
              thread.setDaemon(true);
              return thread;
            });
    ahead = prepare();
  }

  private List<Plan> plans(IntBinaryOperator most) {
    List<Sized> all =
        IntStream.range(0, data.size())
            .mapToObj(this::sized)
            .sorted(Comparator.comparingInt(Sized::height).thenComparingInt(Sized::width))
            .toList();
    List<Plan> found = new ArrayList<>();
    for (int first = 0; first < all.size(); ) {
      Sized shape = all.get(first);
      int end = first;
      while (end < all.size()
          && all.get(end).height == shape.height
          && all.get(end).width == shape.width) {
        end++;
      }
      long values = (long) how.channels() * shape.height * shape.width;
      long fit = Math.max(1, MOST_VALUES / values);
      int together = (int) Math.min(fit, most.applyAsInt(shape.height, shape.width));
      int batches = -Math.floorDiv(first - end, together);
      int each = -Math.floorDiv(first - end, batches); // so that no batch is much smaller
      for (int from = first; from < end; from += each) {
        int[] images =
            all.subList(from, Math.min(end, from + each)).stream().mapToInt(Sized::image).toArray();
        found.add(new Plan(images, shape.height, shape.width));
      }
      first = end;
    }
    return found;
  }

  private Sized sized(int image) {
    ResizeWindow window;
    try {
      window = ImageView.whole(how, scale, data.shape(image)).window();
    } catch (InvalidInputException e) {
      throw new InvalidInputException(named(data, image) + ": " + e.getMessage(), e);
    }
    long room = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
    double bytes = (double) how.channels() * window.rows() * window.columns() * Float.BYTES;
    if (bytes > room) {
      throw new InvalidInputException(
          ("%s has %d x %d pixels at scale %d, too many for Java's heap; take a smaller scale, or"
                  + " a larger heap (-Xmx)")
              .formatted(named(data, image), window.columns(), window.rows(), scale));
    }
    return new Sized(image, window.rows(), window.columns());
  }

  /** Returns what an image is called in messages. */
  static String named(ImageSource data, int image) {
    String name = data.imageName(image);
    return "image %d of %s".formatted(image, data.name()) + (name == null ? "" : ", " + name);
  }

  private Preparation prepare() {
    if (!plans.hasNext()) {
      return null;
    }
    Plan plan = plans.next();
    int each = how.channels() * plan.height * plan.width;
    float[] values = new float[Math.multiplyExact(each, plan.images.length)];
    FloatBuffer x = FloatBuffer.wrap(values);
    List<Future<?>> parts = new ArrayList<>();
    for (int i = 0; i < plan.images.length; i++) {
      int image = plan.images[i];
      int into = i * each;
      parts.add(threads.submit(() -> read(image, x, into)));
    }
    PictureBatch batch =
        new PictureBatch(
            plan.images, new ImageShape(how.channels(), plan.height, plan.width), values);
    return new Preparation(batch, parts);
  }

  private void read(int image, FloatBuffer x, int into) {
    PreprocessedImages free = readers.poll();
    PreprocessedImages reader =
        free == null ? new PreprocessedImages(data, ImageViews.of(how)) : free;
    ImageShape shape = data.shape(image);
    reader.read(image, shape, ImageView.whole(how, scale, shape), x, into);
    readers.add(reader);
  }

  /**
   * Returns the next batch, null at the end.
   *
   * @throws InvalidInputException when an image cannot be used
   */
  PictureBatch next() {
    if (ahead == null) {
      return null;
    }
    Preparation ready = ahead;
    ready.parts.forEach(WholePictures::await);
    ahead = prepare();
    return ready.batch;
  }

  private static void await(Future<?> part) {
    try {
      part.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InvalidInputException refusal) {
        throw new InvalidInputException(refusal.getMessage(), refusal);
      }
      throw new IllegalStateException("a picture could not be prepared: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a picture", e);
    }
  }

  /**
   * Ends the threads, each after the image it has begun: an interrupted one would close the files
   * that it reads.
   */
  @Override
  public void close() {
    if (ahead != null) {
      ahead.parts.forEach(part -> part.cancel(false));
    }
    threads.shutdown();
    boolean isInterrupted = false;
    while (!threads.isTerminated()) {
      try {
        threads.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
