package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Stage;
import org.vgg4j.nn.StageListener;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.ErrorLines;
import org.vgg4j.train.TrainingStep;

/** Steps that were captured, and what moves, ends or changes under them. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaRecordingTest {
  private static final int BATCH = 2;
  private static final int SIZE = 8;
  private static final ImageSpec SMALL = new ImageSpec(1, 5, 6, 1, SIZE);
  private static final ImageSpec LARGE = new ImageSpec(1, 11, 12, 1, SIZE);

  /** A training whose steps the test makes one by one. */
  private static final class Steps {
    private final Network net;
    private final TrainingStep step;
    private final HostBuffer pixels;
    private int made;

    Steps(Network net, TrainingStep step, HostBuffer pixels) {
      this.net = net;
      this.step = step;
      this.pixels = pixels;
    }

    /** Brings other images than those before to the net at a batch size. */
    void upload(int batch, ImageSpec spec) {
      Execution at = net.execution(batch);
      pixels.await();
      for (int i = 0; i < pixels.bytes().capacity(); i++) {
        pixels.bytes().put(i, (byte) ((i + made) * 37 % 127));
      }
      Tensor images = at.images(spec);
      if (images == null) {
        at.input().fill(i -> 0.01 * (i % 91) - 0.3);
      } else {
        images.uploadAsync(pixels);
      }
      int[] labels = new int[batch];
      Arrays.setAll(labels, i -> (i + made) % 3);
      at.labels().upload(labels);
    }

    void run(int batch) {
      run(batch, true, true);
    }

    void run(int batch, boolean isFirst, boolean isLast) {
      net.stepState().set(made, made, 1e-2, batch, 1.0 / batch);
      step.run(net.execution(batch), isFirst, isLast);
      made++;
    }

    void make(int count, int batch) {
      for (int i = 0; i < count; i++) {
        upload(batch, SMALL);
        run(batch);
      }
    }
  }

  /** Returns all parameters after a training. */
  private static List<Double> train(boolean graph, long shapeBytes, Consumer<Steps> training) {
    return train(CudaOptions.STRICT.withGraph(graph), shapeBytes, training);
  }

  private static List<Double> train(CudaOptions engine, long shapeBytes, Consumer<Steps> training) {
    VggConfig config =
        VggConfig.builder()
            .layers("3,4,M")
            .batchNorm(true)
            .channels(1)
            .classes(3)
            .imageSize(SIZE)
            .hidden(5)
            .build();
    NetworkOptions options = NetworkOptions.training(BATCH).withShapeBytes(shapeBytes);
    List<Double> all = new ArrayList<>();
    try (CudaBackend backend = CudaUnderTest.open(engine);
        HostBuffer pixels = backend.newHostBuffer(64 * 12 * 12);
        Vgg vgg = Vgg.build(config, Initialization.PYTORCH, options, backend);
        TrainingStep step = new TrainingStep(vgg.network(), new Adam(), true)) {
      training.accept(new Steps(vgg.network(), step, pixels));
      for (Parameter parameter : vgg.network().parameters()) {
        double[] values = new double[parameter.shape().arrayLength()];
        parameter.value().download(values);
        Arrays.stream(values).forEach(all::add);
      }
    }
    assertTrue(all.stream().allMatch(Double::isFinite));
    return all;
  }

  private static void assertSame(int captures, Consumer<Steps> training) {
    List<Double> expected = train(false, 1 << 20, training);
    StandIn.reset();
    assertEquals(expected, train(true, 1 << 20, training));
    assertEquals(captures, StandIn.calls("cudaStreamBeginCapture"));
  }

  /** A larger shape makes the workspace grow, which moves it. */
  @Test
  void theWorkspaceMoves() {
    assertSame(
        2,
        steps -> {
          steps.make(3, BATCH);
          steps.net.execution(64);
          steps.make(3, BATCH);
        });
  }

  /** It fails like a step call by call; then that step goes on so, and says it once. */
  @Test
  void aStepFailsAfterTheWorkspaceMoved() {
    Consumer<Steps> training =
        steps -> {
          steps.make(3, BATCH);
          steps.net.execution(64);
          steps.upload(BATCH, SMALL);
          StandIn.faults("cudaLaunchKernel@1=1");
          assertThrows(CudaException.class, () -> steps.run(BATCH));
          StandIn.reset();
          steps.make(3, BATCH);
        };
    List<Double> expected = train(false, 1 << 20, training);
    List<String> lines =
        ErrorLines.of(() -> assertEquals(expected, train(true, 1 << 20, training)));
    assertEquals(0, StandIn.calls("cudaStreamBeginCapture"));
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(
        lines.get(0).contains("A step runs call by call from now on: it failed before it was"),
        lines::toString);
  }

  /** The first kind of pass is timed, and its form is that of the kinds recorded after it. */
  @Test
  void stepsOfTwoPassesAndOfOne(@TempDir Path plans) {
    CudaOptions timed = CudaUnderTest.measuring(Precision.FP32, Activations.KEEP, Map.of(), plans);
    Consumer<Steps> training =
        steps -> {
          for (int pass = 0; pass < 40; pass++) {
            steps.upload(BATCH, SMALL);
            int place = pass % 5; // two steps of two passes, one of one
            steps.run(BATCH, place % 2 == 0, place % 2 == 1 || place == 4);
          }
        };
    List<Double> expected = train(timed.withGraph(false), 1 << 20, training);
    StandIn.reset();
    List<Double> recorded = train(timed, 1 << 20, training);
    assertEquals(expected.size(), recorded.size());
    for (int i = 0; i < recorded.size(); i++) {
      // What a timing took may add up in any order.
      double difference = Math.abs(recorded.get(i) - expected.get(i));
      int at = i;
      assertFalse(!(difference <= 1e-4), () -> at + ": off by " + difference);
    }
    assertEquals(4, StandIn.calls("cudaStreamBeginCapture")); // one kind twice, two others
  }

  /** A shape that finds no memory takes none from those that there are. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void noRoomForALargerShape(boolean graph) {
    int[] refusals = new int[1];
    List<Double> found =
        train(
            graph,
            1 << 20,
            steps -> {
              steps.make(3, BATCH);
              while (!canBuild(steps, refusals[0] + 1)) {
                refusals[0]++;
                steps.make(1, BATCH);
              }
              steps.make(1, 64);
            });
    assertTrue(refusals[0] > 2, () -> refusals[0] + " allocations");
    assertEquals(
        train(
            false,
            1 << 20,
            steps -> {
              steps.make(3 + refusals[0], BATCH);
              steps.make(1, 64);
            }),
        found);
  }

  /** Builds a larger shape, at whose n-th allocation there is no memory. */
  private static boolean canBuild(Steps steps, int allocation) {
    StandIn.faults("cudaMalloc@" + allocation + "=2");
    try {
      steps.net.execution(64);
      return true;
    } catch (OutOfDeviceMemoryException e) {
      return false;
    } finally {
      StandIn.reset();
    }
  }

  @Test
  void imagesOfAnotherSizeOrNone() {
    assertSame(
        4,
        steps -> {
          for (ImageSpec spec : new ImageSpec[] {SMALL, LARGE, null, SMALL}) {
            for (int i = 0; i < 3; i++) {
              steps.upload(BATCH, spec);
              steps.run(BATCH);
            }
          }
        });
  }

  /** An upload waits for all steps that read what stood there, not only for the first. */
  @Test
  void severalStepsFromOneUpload() {
    Consumer<Steps> training =
        steps -> {
          for (int i = 0; i < 4; i++) {
            steps.upload(BATCH, SMALL);
            steps.run(BATCH);
            steps.run(BATCH);
          }
        };
    for (long seed = 0; seed < 3; seed++) {
      StandIn.shuffle(seed);
      assertSame(1, training);
    }
    StandIn.shuffle(0);
  }

  /** The graphs of a shape end with it, before the memory and the plans that they use. */
  @Test
  void aShapeMakesRoomForOthers() {
    long[] room = new long[1];
    train(true, 1 << 20, steps -> room[0] = shapeBytes(steps));
    List<Double> found =
        train(
            true,
            room[0],
            steps -> {
              steps.make(2, 3);
              assertEquals(1, StandIn.live().get("executable graphs"));
              steps.net.execution(4);
              assertEquals(null, StandIn.live().get("executable graphs"));
              steps.make(2, 3); // planned and captured again
              steps.make(2, BATCH);
              assertEquals(2, StandIn.live().get("executable graphs"));
            });
    assertEquals(
        train(
            false,
            room[0],
            steps -> {
              steps.make(4, 3);
              steps.make(2, BATCH);
            }),
        found);
  }

  /** Returns the bytes that the net at batch 4 takes, in which no other shape fits beside it. */
  private static long shapeBytes(Steps steps) {
    long free = StandIn.liveBytes();
    steps.net.execution(4);
    return StandIn.liveBytes() - free;
  }

  /** A listener hears of every stage, so the steps run call by call while there is one. */
  @Test
  void aListenerHearsOfEveryStep() {
    int[] heard = new int[1];
    assertSame(
        1,
        steps -> {
          steps.make(2, BATCH);
          heard[0] = 0;
          steps.net.listen(
              new StageListener() {
                @Override
                public void afterBackward(Stage stage) {
                  heard[0]++;
                }
              });
          steps.make(2, BATCH);
          assertEquals(2 * steps.net.execution(BATCH).stages().size(), heard[0]);
          steps.net.listen(StageListener.NONE);
          steps.make(2, BATCH);
          assertEquals(2 * steps.net.execution(BATCH).stages().size(), heard[0]);
        });
  }

  @Test
  void aClosedRecordingIsRefused() {
    try (CudaBackend backend = CudaUnderTest.open()) {
      Recorded nothing = backend.record(() -> {});
      nothing.run();
      nothing.close();
      nothing.close();
      assertThrows(IllegalStateException.class, nothing::run);
    }
  }
}
