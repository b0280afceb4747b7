package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** Norms that are computed again within a module that builds its parts itself. */
final class RecomputedPartsTest {
  private static final int BATCH = 3;
  private static final Conv2dSpec FIRST = new Conv2dSpec(2, 4, 3, 1, true, false);
  private static final Conv2dSpec SECOND = new Conv2dSpec(4, 5, 3, 1, true, false);
  private static final Conv2dSpec THIRD = new Conv2dSpec(5, 3, 3, 1, true, false);

  private static Module block(Conv2dSpec conv, Conv2dSpec next) {
    BatchNorm2dSpec norm = new BatchNorm2dSpec(conv.outChannels(), 1e-5, 0.1, true, false);
    return new ConvBlock(
        new ConvBlockSpec(conv, norm, null, next), "conv", "norm", Initialization.KAIMING);
  }

  /** Two blocks in one stage: the first leaves its norm to the second. */
  private static final class Pair implements Module {
    private final Module first = block(SECOND, THIRD);
    private final Module second = block(THIRD, null);

    @Override
    public Shape outputShape(Shape x) {
      return second.outputShape(first.outputShape(x));
    }

    @Override
    public Layout build(BuildContext context, Layout x) {
      Layout y = context.build("first", first, x, context.usage());
      return context.build("second", second, y, new Usage(context.usage().training(), true));
    }

    @Override
    public Tensor forward(Tensor x, boolean training) {
      return second.forward(first.forward(x, training), training);
    }

    @Override
    public Tensor forwardAgain(Tensor x) {
      return second.forwardAgain(first.forwardAgain(x));
    }

    @Override
    public Tensor backward(Tensor dy) {
      return first.backward(second.backward(dy));
    }
  }

  private static Network net(Recomputation recomputation, Backend backend) {
    return Network.build(
        () -> new Sequential(block(FIRST, SECOND), new Pair()),
        Shape.of(2, 6, 6),
        NetworkOptions.training(BATCH).withSeed(4).withRecomputation(recomputation),
        backend);
  }

  private static List<double[]> gradients(Recomputation recomputation, Backend backend) {
    try (Network net = net(recomputation, backend)) {
      Random random = new Random(1);
      net.input(BATCH).upload(random.doubles(BATCH * 2 * 36).toArray());
      net.forward(net.input(BATCH), true);
      Tensor dy = net.outputGradient(BATCH);
      dy.upload(random.doubles(dy.shape().elementCount()).toArray());
      net.backward(dy);
      return net.parameters().stream().map(parameter -> Values.of(parameter.gradient())).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void everyPartTakesWhatThePartBeforeItLeft(String device) {
    try (Backend backend = Backends.open(device).backend()) {
      List<double[]> kept = gradients(Recomputation.NONE, backend);
      List<double[]> again = gradients(new Recomputation(true, List.of()), backend);
      for (int i = 0; i < kept.size(); i++) {
        assertArrayEquals(kept.get(i), again.get(i), "parameter " + i);
      }
    }
  }

  @Test
  void whereStagesAreComputedAgainAForwardHasOneBackward() {
    try (Backend backend = Backends.open("reference").backend();
        Network net = net(new Recomputation(false, List.of(0)), backend)) {
      net.forward(net.input(BATCH), true);
      net.backward(net.outputGradient(BATCH));
      assertThrows(IllegalStateException.class, () -> net.backward(net.outputGradient(BATCH)));
    }
  }

  /** Unless it is built for more, since a backward writes over what the forward kept. */
  @Test
  void aForwardHasOneBackwardUnlessMoreAreAskedFor() {
    try (Backend backend = Backends.open("reference").backend()) {
      NetworkOptions once = NetworkOptions.training(BATCH);
      for (NetworkOptions options : List.of(once, once.withRepeatedBackward())) {
        try (Network net =
            Network.build(
                () -> new Sequential(block(FIRST, SECOND), new Pair()),
                Shape.of(2, 6, 6),
                options,
                backend)) {
          net.forward(net.input(BATCH), true);
          net.backward(net.outputGradient(BATCH));
          if (options.repeatedBackward()) {
            net.backward(net.outputGradient(BATCH));
          } else {
            assertThrows(
                IllegalStateException.class, () -> net.backward(net.outputGradient(BATCH)));
          }
        }
      }
    }
  }
}
