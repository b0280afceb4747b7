package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.ImageView;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImageRow;
import org.vgg4j.tensor.ImageViewPlan;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.TinyNets;

/** What reaches a net from images in GPU memory is what reaches it from the host. */
@OnCuda
final class CudaDataFeedTest {
  private static final Preprocessing PREPROCESSING = Preprocessing.of(1, 8);

  private static ImageSource random(int count, int height, int width) {
    byte[] pixels = new byte[count * height * width];
    new Random(count).nextBytes(pixels);
    int[] labels = IntStream.range(0, count).map(i -> i * 7 % 300).toArray();
    List<String> names = IntStream.range(0, 300).mapToObj(i -> "c" + i).toList();
    return new InMemoryImages("random", new ImageShape(1, height, width), names, pixels, labels);
  }

  private static Vgg vgg(CudaBackend backend) {
    return TinyNets.random(
        TinyNets.config("4,M", false, 300, 0), NetworkOptions.training(4, 3), backend);
  }

  /** Returns input and labels of each batch from some batch on. */
  private static List<double[]> batches(Vgg vgg, DataFeed feed, int[] order, int firstBatch) {
    List<double[]> all = new ArrayList<>();
    BatchSchedule schedule = new BatchSchedule(feed.data().size(), 4, 1);
    try (BatchPass pass = feed.pass(schedule, order, firstBatch)) {
      while (pass.next()) {
        assertEquals(firstBatch + all.size() / 2, pass.index());
        Execution at = vgg.network().execution(pass.size());
        pass.load(at);
        vgg.network().stepState().setBatch(pass.size(), 1, pass.first());
        at.forward(false);
        all.add(TinyNets.values(at.input()));
        int[] labels = new int[pass.size()];
        at.labels().download(labels);
        all.add(Arrays.stream(labels).asDoubleStream().toArray());
      }
      assertFalse(pass.next());
    }
    return all;
  }

  /** The copies to the GPU end within an image, and one image takes several of them. */
  @ParameterizedTest
  @CsvSource({"7, 8, 8", "5031, 27, 31", "3, 2100, 2101"})
  void theBatchesAreThoseOfTheHost(int count, int height, int width) {
    ImageSource data = random(count, height, width);
    int[] order = IntStream.range(0, count).map(i -> count - 1 - i).toArray();
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      try (CudaBackend backend =
              CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.KEEP));
          Vgg vgg = vgg(backend);
          DataFeed host = new DataFeed(vgg, PREPROCESSING, data, DataOn.HOST);
          DataFeed device = new DataFeed(vgg, PREPROCESSING, data, DataOn.DEVICE)) {
        int few = Math.max(0, count / 4 - 8);
        for (int[] each : new int[][] {order, null}) {
          for (int first : new int[] {few, few + 1}) {
            List<double[]> expected = batches(vgg, host, each, first);
            List<double[]> actual = batches(vgg, device, each, first);
            assertEquals(expected.size(), actual.size());
            for (int i = 0; i < expected.size(); i++) {
              assertArrayEquals(expected.get(i), actual.get(i));
            }
          }
        }
      }
    }
  }

  /** Rows of a batch that have no image take the last one, and nothing that is not there. */
  @Test
  void rowsBehindTheLastImageTakeTheLast() {
    ImageSource data = random(6, 8, 8);
    try (CudaBackend backend = CudaUnderTest.open();
        Vgg vgg = vgg(backend);
        DataFeed device = new DataFeed(vgg, PREPROCESSING, data, DataOn.DEVICE);
        BatchPass pass = device.pass(new BatchSchedule(6, 4, 1), null, 1)) {
      assertTrue(pass.next());
      assertEquals(2, pass.size());
      assertEquals(4, pass.first());
      Execution at = vgg.network().execution(4);
      pass.load(at);
      vgg.network().stepState().setBatch(2, 1, pass.first());
      at.forward(false);
      int[] labels = new int[4];
      at.labels().download(labels);
      assertArrayEquals(new int[] {28, 35, 35, 35}, labels);
    }
  }

  @Test
  void operandsThatDoNotFitAreRefused() {
    ImageViewSpec spec = new ImageViewSpec(3 * 25, 3, 1, 8, 0, List.of(), List.of());
    try (CudaBackend backend = CudaUnderTest.open();
        StepState state = backend.newStepState();
        Arena arena = backend.allocate(1 << 16)) {
      Layout x = backend.firstLayout(spec.x(2));
      Tensor input = arena.tensor(0, x);
      Tensor images = arena.tensor(32768, backend.plainLayout(spec.images(), DType.U8));
      Tensor table = arena.tensor(40960, backend.plainLayout(spec.table(), DType.U8));
      Tensor three = arena.tensor(45056, backend.plainLayout(Shape.of(3), DType.I32));
      Tensor two = arena.tensor(45312, backend.plainLayout(Shape.of(2), DType.I32));
      try (ImageViewPlan plan = backend.imageViews(spec, x, state)) {
        ByteBuffer rows = ByteBuffer.allocate(3 * ImageRow.BYTES).order(ByteOrder.nativeOrder());
        ImageView view = ImageView.centre(PREPROCESSING, new ImageShape(1, 5, 5));
        for (int i = 0; i < 3; i++) {
          view.row(25L * i, 7 + i, new ImageShape(1, 5, 5)).write(rows, i * ImageRow.BYTES);
        }
        table.upload(rows);
        state.setBatch(2, 1, 1);
        plan.forward(images, table, input, two);
        int[] labels = new int[2];
        two.download(labels);
        assertArrayEquals(new int[] {8, 9}, labels);
        plan.forward(images, table, input, null);
        List<Runnable> wrong =
            List.of(
                () -> plan.forward(input, table, input, two),
                () -> plan.forward(table, table, input, two),
                () -> plan.forward(images, two, input, two),
                () -> plan.forward(images, null, input, two),
                () -> plan.forward(images, table, images, two),
                () -> plan.forward(images, table, input, three),
                () -> plan.forward(images, table, null, two));
        for (int i = 0; i < wrong.size(); i++) {
          assertThrows(IllegalArgumentException.class, wrong.get(i)::run, "case " + i);
        }
      }
    }
  }
}
