package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.EngineException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

class StageTest {
  private static final VggConfig SMALL =
      VggConfig.builder()
          .layers("3,M,4,M")
          .batchNorm(true)
          .channels(1)
          .classes(3)
          .imageSize(8)
          .hidden(5)
          .build();
  private static final List<String> NAMES =
      List.of(
          "features.0",
          "features.4",
          "classifier.0",
          "classifier.2",
          "classifier.3",
          "classifier.5",
          "classifier.6");

  /** An engine's failure, as a native call's. */
  private static final class Failure extends EngineException {
    private static final long serialVersionUID = 1L;

    Failure() {
      super("cudnnThat failed");
    }
  }

  /** A layer that passes its input on, or fails. */
  private static final class Fragile implements Module {
    private final String failsAt;

    Fragile(String failsAt) {
      this.failsAt = failsAt;
    }

    private Tensor pass(String at, Tensor tensor) {
      if (at.equals(failsAt)) {
        throw new Failure();
      }
      return tensor;
    }

    @Override
    public Shape outputShape(Shape x) {
      return x;
    }

    @Override
    public Layout build(BuildContext context, Layout x) {
      pass("plan", null);
      return x;
    }

    @Override
    public Tensor forward(Tensor x, boolean training) {
      return pass("forward", x);
    }

    @Override
    public Tensor backward(Tensor dy) {
      return pass("backward", dy);
    }
  }

  private static Vgg small(Backend engine, NetworkOptions options) {
    return Vgg.build(SMALL, Initialization.PYTORCH, options, engine);
  }

  @Test
  void stagesLieSideBySideInTheSlabs() {
    try (Backend engine = Backends.open("reference").backend();
        Vgg vgg = small(engine, NetworkOptions.training(2))) {
      List<Stage> stages = vgg.network().execution(2).stages();
      assertEquals(NAMES, stages.stream().map(Stage::name).toList());
      long end = 0;
      List<Parameter> parameters = new ArrayList<>();
      for (Stage stage : stages) {
        parameters.addAll(stage.parameters());
        if (!stage.parameters().isEmpty()) {
          assertTrue(stage.firstElement() >= end, stage.name());
          end = stage.endElement();
        }
      }
      assertEquals(vgg.network().parameters(), parameters);
      assertEquals(Shape.of(2, 4, 2, 2), stages.get(1).output());
    }
  }

  @Test
  void aListenerHearsOfEveryStageInOrder() {
    List<String> heard = new ArrayList<>();
    StageListener listener =
        new StageListener() {
          @Override
          public void beforeForward(Stage stage) {
            heard.add("forward " + stage.name());
          }

          @Override
          public void afterForward(Stage stage) {
            heard.add("after");
          }

          @Override
          public void beforeBackward(Stage stage) {
            heard.add("backward " + stage.name());
          }

          @Override
          public void afterBackward(Stage stage) {
            heard.add("after");
          }
        };
    try (Backend engine = Backends.open("reference").backend();
        Vgg vgg = small(engine, NetworkOptions.training(2))) {
      Network net = vgg.network();
      net.listen(listener);
      net.forward(net.input(2), true);
      net.backward(net.outputGradient(2));
      net.listen(StageListener.NONE);
      net.forward(net.input(2), false);
    }
    List<String> expected = new ArrayList<>();
    NAMES.forEach(name -> expected.addAll(List.of("forward " + name, "after")));
    for (int i = NAMES.size() - 1; i >= 0; i--) {
      expected.addAll(List.of("backward " + NAMES.get(i), "after"));
    }
    assertEquals(expected, heard);
  }

  @Test
  void nativeFailuresNameTheLayer() {
    try (Backend engine = Backends.open("reference").backend()) {
      for (String at : List.of("plan", "forward", "backward")) {
        Failure thrown =
            assertThrows(
                Failure.class,
                () -> {
                  try (Network net =
                      Network.build(
                          () ->
                              new Sequential(new Fragile("never"), new Sequential(new Fragile(at))),
                          Shape.of(3),
                          NetworkOptions.training(2),
                          engine)) {
                    net.forward(net.input(2), true);
                    net.backward(net.outputGradient(2));
                  }
                });
        assertEquals("cudnnThat failed, seen in the " + at + " of 1.0", thrown.getMessage());
      }
    }
  }

  @Test
  void anotherShapeIsPlannedWhenItIsAskedFor() {
    for (String device : List.of("reference", "cpu")) {
      try (Backend engine = Backends.open(device).backend();
          Vgg vgg = small(engine, NetworkOptions.training(4));
          Vgg wide = small(engine, NetworkOptions.training(4, 3))) {
        double[] expected = logits(wide.network(), 3);
        assertEquals(0, wide.network().counters().get(0).value());
        double[] found = logits(vgg.network(), 3);
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], found[i], 1e-6);
        }
        assertSame(vgg.network().execution(3), vgg.network().execution(3));
        assertEquals(1, vgg.network().executions().size());
      }
    }
  }

  private static double[] logits(Network net, int batch) {
    Tensor x = net.input(batch);
    x.fill(i -> i % 17 / 17.0);
    double[] values = new double[batch * 3];
    net.forward(x, false).download(values);
    return values;
  }

  @Test
  void shapesMakeRoomForEachOtherAndStayWithinTheirBound() {
    try (Backend engine = Backends.open("reference").backend();
        Vgg probe = small(engine, NetworkOptions.training(3))) {
      long bytes = probe.network().execution(3).bytes();
      NetworkOptions options = NetworkOptions.training(8).withShapeBytes(2 * bytes);
      try (Vgg vgg = small(engine, options)) {
        Network net = vgg.network();
        Execution three = net.execution(3);
        Execution two = net.execution(2);
        assertSame(three, net.execution(3)); // so that two was used longer ago
        net.execution(1);
        assertSame(three, net.execution(3));
        assertNotSame(two, net.execution(2));
        OutOfDeviceMemoryException refused =
            assertThrows(OutOfDeviceMemoryException.class, () -> net.execution(16));
        assertEquals(2 * bytes, refused.availableBytes());
        assertEquals(8, net.execution(8).batch());
      }
    }
  }
}
