package org.vgg4j.backend.cuda.operations;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Images resized on the GPU have the bits of those that the host resizes. */
@OnCuda
final class CudaImagesTest {
  private static final int BATCH = 3;

  private static ImageSource random(int channels, int height, int width) {
    byte[] pixels = new byte[BATCH * channels * height * width];
    long key = CounterRandom.key(1, 2, 3);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    return new InMemoryImages(
        "random", new ImageShape(channels, height, width), List.of("a"), pixels, new int[BATCH]);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 28, 28, 1, 224", // the blog's
    "1, 28, 28, 1, 32",
    "1, 28, 28, 1, 28",
    "1, 28, 28, 1, 17",
    "1, 28, 28, 3, 64",
    "1, 9, 9, 3, 9",
    "3, 5, 8, 3, 7",
    "3, 6, 6, 3, 6",
    "2, 1, 9, 2, 4",
    "1, 1, 1, 1, 5"
  })
  void bitsOfTheHost(int channels, int height, int width, int outChannels, int size) {
    ImageSource data = random(channels, height, width);
    ImageSpec spec = new ImageSpec(channels, height, width, outChannels, size);
    Layout xLayout = CudaLayout.filledPixels(spec.x(BATCH), DType.F32);
    float[] actual = new float[xLayout.shape().arrayLength()];
    float[] expected = new float[actual.length];
    try (CudaBackend backend = CudaUnderTest.open();
        ImagePlan plan = backend.images(spec, xLayout);
        Arena bytes = backend.allocate(Arena.align(plan.bytes().bytes()));
        Arena floats = backend.allocate(Arena.align(xLayout.bytes()));
        BatchLoader pixels =
            BatchLoader.ofPixels(
                data,
                ImageViews.of(Preprocessing.of(outChannels, size)),
                new BatchSchedule(data.size(), BATCH, 1, Shard.WHOLE),
                null,
                0,
                backend::newHostBuffer);
        BatchLoader resized = new BatchLoader(data, BATCH, Preprocessing.of(outChannels, size))) {
      Tensor source = bytes.tensor(0, plan.bytes());
      source.uploadAsync(pixels.next().images());
      Tensor x = floats.tensor(0, xLayout);
      plan.forward(source, x);
      x.download(actual);
      resized.next().images().bytes().asFloatBuffer().get(expected);
    }
    assertArrayEquals(expected, actual);
  }

  /** Uploads do not overtake each other, however many are under way. */
  @Test
  void everyBatchArrives() {
    ImageSpec spec = new ImageSpec(1, 4, 4, 1, 4);
    int batches = 9;
    List<Tensor> results = new ArrayList<>();
    try (CudaBackend backend = CudaUnderTest.open();
        ImagePlan plan = backend.images(spec, CudaLayout.filledPixels(spec.x(1), DType.F32));
        Arena bytes = backend.allocate(Arena.align(plan.bytes().bytes()));
        Arena floats = backend.allocate(batches * 256L)) {
      Tensor source = bytes.tensor(0, plan.bytes());
      HostBuffer[] turns = {backend.newHostBuffer(16), backend.newHostBuffer(16)};
      byte[] pixels = new byte[16];
      for (int i = 0; i < batches; i++) {
        Arrays.fill(pixels, (byte) (200 + i));
        turns[i % 2].await();
        turns[i % 2].bytes().put(0, pixels);
        source.uploadAsync(turns[i % 2]);
        Tensor x = floats.tensor(i * 256L, CudaLayout.filledPixels(spec.x(1), DType.F32));
        plan.forward(source, x);
        results.add(x);
      }
      for (int i = 0; i < batches; i++) {
        float[] expected = new float[16];
        Arrays.fill(expected, (200 + i) / 255f);
        float[] actual = new float[16];
        results.get(i).download(actual);
        assertArrayEquals(expected, actual);
      }
      for (HostBuffer buffer : turns) {
        buffer.close();
      }
    }
  }

  @Test
  void inputOfAnotherShapeIsRefused() {
    ImageSpec spec = new ImageSpec(1, 4, 4, 1, 8);
    Layout other = CudaLayout.filledPixels(Shape.of(2, 1, 8, 9), DType.F32);
    try (CudaBackend backend = CudaUnderTest.open()) {
      assertThrows(InvalidInputException.class, () -> backend.images(spec, other));
    }
  }
}
