package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;

final class FreezingTest {
  private static final int BATCH = 4;

  private static VggConfig config(boolean batchNorm, double dropout) {
    return VggConfig.builder()
        .layers("3,4,M,5,M")
        .batchNorm(batchNorm)
        .channels(2)
        .classes(3)
        .imageSize(8)
        .hidden(6)
        .dropout(dropout)
        .build();
  }

  private static Vgg build(VggConfig config, Backend backend, String... frozen) {
    NetworkOptions options =
        NetworkOptions.training(BATCH).withFrozen(Vgg.layers(config, List.of(frozen)));
    return Vgg.build(config, Initialization.PYTORCH, options, backend);
  }

  /** Goes forward and backward; returns the stages that the backward reached. */
  private static List<String> pass(Network net) {
    List<String> reached = new ArrayList<>();
    net.listen(
        new StageListener() {
          @Override
          public void beforeBackward(Stage stage) {
            reached.add(stage.name());
          }
        });
    net.input(BATCH).fill(i -> Math.sin(i));
    Tensor y = net.forward(net.input(BATCH), true);
    net.outputGradient(BATCH).fill(i -> Math.cos(i));
    assertEquals(3, y.shape().dim(1));
    net.backward(net.outputGradient(BATCH));
    net.listen(StageListener.NONE);
    return reached;
  }

  private static Parameter parameter(Network net, String name) {
    return net.parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void namesInShort() {
    VggConfig config = config(true, 0);
    List<String> features = List.of("features.0", "features.3", "features.7");
    assertEquals(features, Vgg.layers(config, List.of("features")));
    assertEquals(
        List.of("classifier.0", "classifier.3"), Vgg.layers(config, List.of("classifier")));
    assertEquals(
        List.of("features.7", "classifier.6"),
        Vgg.layers(config, List.of("features.7", "classifier.6")));
    for (String unknown : List.of("features.1", "features.2", "feature", "", "classifier.2")) {
      InvalidInputException refused =
          assertThrows(
              InvalidInputException.class, () -> Vgg.layers(config, List.of("features", unknown)));
      assertTrue(
          refused.getMessage().contains("'" + unknown + "'; the layers are features.0,"),
          refused::getMessage);
    }
    assertThrows(
        InvalidInputException.class,
        () -> Vgg.layers(config, List.of("features", "classifier", "classifier.6")));
  }

  /** Without batch norm a frozen layer computes what it would compute else. */
  @ParameterizedTest
  @CsvSource({
    "features.0, 'classifier.6,classifier.3,classifier.0,features.5,features.2'",
    "features, 'classifier.6,classifier.3,classifier.0'",
    "features.2, 'classifier.6,classifier.3,classifier.0,features.5,features.2,features.0'",
    "classifier.3, 'classifier.6,classifier.3,classifier.0,features.5,features.2,features.0'"
  })
  void theOthersHaveTheGradientsThatTheyHadBefore(String frozen, String reached) {
    for (String device : List.of("reference", "cpu")) {
      try (Backend backend = Backends.open(device).backend();
          Vgg all = build(config(false, 0), backend);
          Vgg part = build(config(false, 0), backend, frozen)) {
        assertEquals(8, pass(all.network()).size());
        assertEquals(
            List.of(reached.split(",")),
            pass(part.network()).stream().filter(n -> !dropout(n)).toList());
        int trained = 0;
        for (Parameter parameter : part.network().parameters()) {
          if (!parameter.isTrained()) {
            assertThrows(IllegalStateException.class, parameter::gradient);
            continue;
          }
          trained++;
          double[] expected = Values.of(parameter(all.network(), parameter.name()).gradient());
          double[] actual = Values.of(parameter.gradient());
          double most = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
          assertArrayEquals(expected, actual, 1e-5 * most, parameter.name());
        }
        assertTrue(trained > 0 && trained < part.network().parameters().size());
      }
    }
  }

  private static boolean dropout(String stage) {
    return stage.equals("classifier.2") || stage.equals("classifier.5");
  }

  @ParameterizedTest
  @CsvSource({"features.0", "features.3", "features", "'features,classifier'", "classifier"})
  void frozenLayersStayAndHaveNoMoments(String frozen) {
    for (String device : List.of("reference", "cpu")) {
      try (Backend backend = Backends.open(device).backend();
          Vgg vgg = build(config(true, 0.5), backend, frozen.split(","));
          AttachedOptimizer adam = new Adam().attach(vgg.network())) {
        Network net = vgg.network();
        List<String> layers = Vgg.layers(vgg.config(), List.of(frozen.split(",")));
        List<double[]> before = net.parameters().stream().map(p -> Values.of(p.value())).toList();
        List<double[]> statistics = net.buffers().stream().map(b -> Values.of(b.value())).toList();
        for (int step = 0; step < 2; step++) {
          net.stepState().set(step, step, 0.01);
          pass(net);
          adam.step();
        }
        for (int i = 0; i < before.size(); i++) {
          Parameter parameter = net.parameters().get(i);
          boolean stays = Arrays.equals(before.get(i), Values.of(parameter.value()));
          assertEquals(!parameter.isTrained(), stays, parameter.name());
        }
        for (Stage stage : net.executions().get(0).stages()) {
          assertEquals(
              !stage.parameters().isEmpty() && !layers.contains(stage.name()), stage.isTrained());
        }
        for (int i = 0; i < statistics.size(); i++) {
          Buffer buffer = net.buffers().get(i);
          boolean isFrozen = !parameter(net, weightOf(buffer)).isTrained();
          boolean stays = Arrays.equals(statistics.get(i), Values.of(buffer.value()));
          assertEquals(isFrozen, stays, buffer.name());
          assertEquals(isFrozen ? 0 : 2, net.counters().get(i / 2).value());
        }
        assertEquals(
            2 * net.parameters().stream().filter(Parameter::isTrained).count(),
            adam.states().size());
      }
    }
  }

  private static String weightOf(Buffer statistics) {
    return statistics.name().substring(0, statistics.name().lastIndexOf('.')) + ".weight";
  }

  /** In a frozen beginning nothing drops; the dropout behind its last layer does. */
  @Test
  void aFrozenBeginningRunsAsInEvaluation() {
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = build(config(true, 0.5), backend, "features", "classifier")) {
      Network net = vgg.network();
      List<String> kept = new ArrayList<>();
      List<double[]> outputs = new ArrayList<>();
      for (boolean training : new boolean[] {true, false}) {
        net.input(BATCH).fill(i -> Math.sin(i));
        net.stepState().set(0, 0, 0.01);
        outputs.add(Values.of(net.forward(net.input(BATCH), training)));
      }
      assertFalse(Arrays.equals(outputs.get(0), outputs.get(1)));
      net.memoryPlan().stages().stream()
          .filter(stage -> stage.activationBytes() > 0 && stage.isTrained())
          .forEach(stage -> kept.add(stage.name()));
      assertEquals(List.of("classifier.6"), kept);
      assertEquals(List.of("classifier.6"), pass(net));
    }
  }

  @Test
  void aFrozenBeginningTakesNoMemoryForABackward() {
    try (Backend backend = Backends.open("cpu").backend();
        Vgg all = build(config(true, 0), backend);
        Vgg part = build(config(true, 0), backend, "features")) {
      MemoryPlan before = all.network().memoryPlan();
      MemoryPlan after = part.network().memoryPlan();
      assertTrue(after.activations() < before.activations() / 2);
      assertTrue(after.activationGradients() < before.activationGradients() / 2);
      // Layers that are not trained store weights as the forward reads them.
      assertTrue(after.parameters() <= before.parameters());
      assertTrue(after.trained() < before.trained());
      assertEquals(after.trained(), after.gradients());
      assertEquals(before.totalBytes(2) - before.totalBytes(0), 2 * before.trained());
    }
  }

  @Test
  void whatCannotBeIsRefused() {
    VggConfig config = config(true, 0);
    try (Backend backend = Backends.open("reference").backend()) {
      NetworkOptions options = NetworkOptions.training(BATCH);
      for (NetworkOptions refused :
          List.of(
              options.withFrozen(List.of("features.1")),
              options.withFrozen(List.of("features.0")).withInputGradient(),
              options.withFrozen(
                  List.of(
                      "features.0",
                      "features.3",
                      "features.7",
                      "classifier.0",
                      "classifier.3",
                      "classifier.6")))) {
        assertThrows(
            InvalidInputException.class,
            () -> Vgg.build(config, Initialization.PYTORCH, refused, backend));
      }
      try (Vgg vgg = build(config, backend, "classifier.6")) {
        assertThrows(InvalidInputException.class, () -> new Adam().attach(vgg.network(), 10));
      }
    }
  }
}
