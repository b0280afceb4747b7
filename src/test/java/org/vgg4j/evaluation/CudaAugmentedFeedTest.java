package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.ImageStatistics;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Inversion;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.preprocessing.ResizeFilter;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.Precision;
import org.vgg4j.testing.TinyNets;

/**
 * The GPU prepares images itself, of any shapes, with both filters, varied and normalized: with the
 * bits of the host, be they uploaded or in its memory.
 */
@OnCuda
final class CudaAugmentedFeedTest {
  private static final int IMAGES = 11;

  /** Grey and colour, odd sizes, larger and smaller than the net's; some very wide or high. */
  private record Pictures(int channels, boolean sameShape) implements ImageSource {
    private static final int[][] SIZES = {{9, 13}, {31, 8}, {8, 8}, {57, 40}, {1, 6}, {20, 71}};

    @Override
    public String name() {
      return "pictures";
    }

    @Override
    public List<String> classNames() {
      return Collections.nCopies(300, "c");
    }

    @Override
    public int size() {
      return IMAGES;
    }

    @Override
    public int label(int image) {
      return image * 29;
    }

    @Override
    public ImageShape shape(int image) {
      int[] size = SIZES[sameShape ? 3 : image % SIZES.length];
      boolean grey = channels == 1 || (!sameShape && image % 4 == 1);
      return new ImageShape(grey ? 1 : channels, size[0], size[1]);
    }

    @Override
    public ImageShape commonShape() {
      return sameShape ? shape(0) : null;
    }

    @Override
    public boolean knowsShapes() {
      return true;
    }

    @Override
    public void read(int image, ByteBuffer target, int offset) {
      byte[] pixels = new byte[shape(image).bytes()];
      new Random(image).nextBytes(pixels);
      target.put(offset, pixels, 0, pixels.length);
    }
  }

  private static Preprocessing how(
      int channels, PictureFit fit, int resize, ResizeFilter filter, boolean normalized) {
    List<Double> mean = new ArrayList<>();
    List<Double> deviation = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      mean.add(normalized ? 0.1 + 0.15 * c : 0);
      deviation.add(normalized ? 1 / (255.0 + c) : 1);
    }
    return new Preprocessing(channels, fit, resize, 8, filter, mean, deviation, Inversion.NEVER);
  }

  private static List<Augmentation> augmentations(int channels, ImageSource data) {
    Augmentation scaled = Augmentation.NONE.withScale(8, 21).withFlip(true);
    Preprocessing any = Preprocessing.of(channels, 8);
    return List.of(
        Augmentation.NONE,
        scaled.withColorShift(3).withStatistics(ImageStatistics.of(data, any)),
        Augmentation.NONE.withFlip(true),
        scaled.withScale(64, 64));
  }

  /** Returns what a loader on the host makes of the images, as an engine of a type stores it. */
  private static List<double[]> expected(
      ImageViews views, ImageSource data, BatchSchedule schedule, int[] order, DType type) {
    List<double[]> all = new ArrayList<>();
    try (BatchLoader loader =
        new BatchLoader(data, views, schedule, order, 1, HostBuffer::direct)) {
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        double[] x = new double[batch.size() * views.preprocessing().channels() * 64];
        for (int i = 0; i < x.length; i++) {
          x[i] = type.round(batch.images().bytes().getFloat(i * Float.BYTES));
        }
        all.add(x);
        all.add(labels(batch));
      }
    }
    return all;
  }

  private static double[] labels(Batch batch) {
    double[] labels = new double[batch.size()];
    Arrays.setAll(labels, batch::label);
    return labels;
  }

  private static List<double[]> actual(Vgg vgg, DataFeed feed, Draw draw) {
    List<double[]> all = new ArrayList<>();
    try (BatchPass pass = feed.epoch(new BatchSchedule(IMAGES, 4, 1), draw, 1)) {
      while (pass.next()) {
        Execution at = vgg.network().execution(pass.size());
        pass.load(at);
        vgg.network().stepState().setBatch(pass.size(), 1, pass.first());
        at.forward(false);
        all.add(TinyNets.values(at.input()));
        int[] labels = new int[pass.size()];
        at.labels().download(labels);
        all.add(Arrays.stream(labels).asDoubleStream().toArray());
      }
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void bitsOfTheHost(Precision precision) {
    for (int channels : new int[] {1, 3}) {
      try (CudaBackend backend =
              CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.KEEP));
          Vgg vgg = vgg(channels, backend)) {
        for (ImageSource data : List.of(new Pictures(channels, false), new Pictures(1, true))) {
          for (ResizeFilter filter : ResizeFilter.values()) {
            for (Augmentation augmentation : augmentations(channels, data)) {
              requireSame(
                  vgg, how(channels, PictureFit.SHORTER, 12, filter, true), augmentation, data);
            }
            requireSame(
                vgg,
                how(channels, PictureFit.SQUARE, 9, filter, false),
                Augmentation.NONE.withScale(9, 30),
                data);
          }
        }
      }
    }
  }

  private static Vgg vgg(int channels, CudaBackend backend) {
    VggConfig config =
        VggConfig.builder()
            .layers("4,M")
            .channels(channels)
            .classes(300)
            .imageSize(8)
            .hidden(6)
            .build();
    return TinyNets.random(config, NetworkOptions.training(4, 3), backend);
  }

  private static void requireSame(
      Vgg vgg, Preprocessing how, Augmentation augmentation, ImageSource data) {
    DType type = vgg.network().backend().types().activation();
    BatchSchedule schedule = new BatchSchedule(IMAGES, 4, 1);
    long room = Long.MAX_VALUE;
    for (DataOn where : List.of(DataOn.HOST, DataOn.DEVICE)) {
      try (DataFeed feed = new DataFeed(vgg, how, augmentation, data, where, room)) {
        assertEquals(where == DataOn.DEVICE, feed.place().isOnDevice());
        for (int epoch = 1; epoch <= 2; epoch++) {
          Draw draw = new Draw(7, epoch);
          ImageViews views = new ImageViews(how, augmentation, draw);
          List<double[]> expected = expected(views, data, schedule, draw.permutation(IMAGES), type);
          List<double[]> actual = actual(vgg, feed, draw);
          assertEquals(4, actual.size());
          for (int i = 0; i < 4; i++) {
            assertArrayEquals(
                expected.get(i), actual.get(i), how + ", " + augmentation + ", " + where);
          }
        }
      }
    }
  }

  /** What was loaded last is not taken any more once the feed is closed. */
  @Test
  void aClosedFeedLeavesNothingBehind() {
    ImageSource data = new Pictures(3, false);
    try (CudaBackend backend = CudaUnderTest.open();
        Vgg vgg = vgg(3, backend)) {
      Execution at = vgg.network().execution(4);
      for (DataOn where : List.of(DataOn.HOST, DataOn.DEVICE)) {
        try (DataFeed feed = new DataFeed(vgg, Preprocessing.of(3, 8), data, where);
            BatchPass pass = feed.pass(new BatchSchedule(IMAGES, 4, 1), null, 0)) {
          assertTrue(pass.next());
          pass.load(at);
          vgg.network().stepState().setBatch(4, 1, 0);
          at.forward(false);
          assertFalse(at.imageWork().isEmpty());
        }
        at.forward(false);
        assertTrue(at.imageWork().isEmpty());
      }
    }
  }
}
