package org.vgg4j.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.preprocessing.ImageView;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeWindow;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Vgg;

/** Shows a net squares of its image size: the middle of each picture, or crops. */
final class WindowTest implements ScaleTest {
  private static final int GRID = 5; // by 5

  private final Preprocessing how;
  private final boolean crops;
  private final boolean flip;
  private final Execution at;
  private final int each; // the values of a square
  private final float[] squares; // (N, C, S, S)
  private final double[] logits; // (N, classes)
  private final int[] images; // (N)
  private final double[] shares; // (N)
  private int count; // of the squares so far

  /**
   * Creates it.
   *
   * @param crops whether each picture is shown in a grid of crops
   */
  WindowTest(Vgg vgg, Preprocessing how, boolean crops, boolean flip) {
    this.how = how;
    this.crops = crops;
    this.flip = flip;
    at = vgg.network().execution(vgg.network().options().batchSizes().get(0));
    each = how.channels() * how.crop() * how.crop();
    squares = new float[Math.multiplyExact(at.batch(), each)];
    logits = new double[at.batch() * vgg.config().classes()];
    images = new int[at.batch()];
    shares = new double[at.batch()];
  }

  /** The first row and column of a square. */
  private record Place(int top, int left) {}

  @Override
  public void see(PictureBatch pictures, int scale, double weight, PosteriorSums sums) {
    List<Place> places = crops ? grid(pictures.shape()) : List.of(middle(pictures.shape(), scale));
    double share = weight / (places.size() * (flip ? 2 : 1));
    for (int picture = 0; picture < pictures.size(); picture++) {
      for (Place place : places) {
        add(pictures, picture, place, false, share, sums);
        if (flip) {
          add(pictures, picture, place, true, share, sums);
        }
      }
    }
  }

  private List<Place> grid(ImageShape shape) {
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < GRID; i++) {
      for (int j = 0; j < GRID; j++) {
        places.add(new Place(step(i, shape.height()), step(j, shape.width())));
      }
    }
    return places;
  }

  private int step(int i, int length) {
    return i * (length - how.crop()) / (GRID - 1);
  }

  /** Returns where the square is that an evaluation of the scale sees. */
  private Place middle(ImageShape shape, int scale) {
    ResizeWindow window = ImageView.centre(how.withResize(scale), shape).window();
    return new Place((int) window.top(), (int) window.left());
  }

  private void add(
      PictureBatch pictures,
      int picture,
      Place place,
      boolean mirrored,
      double share,
      PosteriorSums sums) {
    int into = count * each;
    pictures.crop(picture, place.top, place.left, how.crop(), squares, into);
    if (mirrored) {
      PictureBatch.mirror(squares, into, into + each, how.crop());
    }
    images[count] = pictures.images()[picture];
    shares[count] = share;
    count++;
    if (count == images.length) {
      finish(sums);
    }
  }

  /** Shows the squares so far; those of before that stay behind them do not count. */
  @Override
  public void finish(PosteriorSums sums) {
    if (count > 0) {
      at.startWith(null);
      at.input().upload(squares);
      at.forward(false).download(logits);
      for (int i = 0; i < count; i++) {
        sums.add(images[i], logits, i * sums.classes(), shares[i]);
      }
    }
    count = 0;
  }
}
