package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;

/** What {@code ./vgg gradcheck} runs, and how it draws nets. */
class StandardChecksTest {
  private static final long SEED = 0;

  /** Every element of every tensor; and a gradient large enough to be measured by itself. */
  @ParameterizedTest
  @MethodSource("org.vgg4j.gradcheck.StandardChecks#all")
  void passes(StandardCheck check) {
    try (Backend backend = new ReferenceBackend()) {
      GradientReport report = check.run(backend, SEED);
      assertTrue(report.passed(), report.table());
      assertTrue(report.name().startsWith(check.name()), report.name());
      assertEquals(check.name().startsWith("VGG") ? 1e-6 : 1e-7, report.options().tolerance());
      for (TensorReport tensor : report.tensors()) {
        assertEquals(tensor.total(), tensor.checked());
        assertTrue(tensor.gradient() > 1e-4, report.table());
      }
    }
  }

  /** Whoever adds a module adds its check. */
  @Test
  void everyModuleHasACheck() throws IOException {
    Path sources =
        Path.of(System.getProperty("basedir", "."), "src", "main", "java", "org", "vgg4j");
    String checks = Files.readString(sources.resolve("gradcheck").resolve("LayerChecks.java"));
    Pattern module = Pattern.compile("final class (\\w+) (implements Module|extends \\w*Layer)\\b");
    Set<String> found = new TreeSet<>();
    try (Stream<Path> files = Files.list(sources.resolve("nn"))) {
      for (Path file : files.toList()) {
        Matcher declaration = module.matcher(Files.readString(file));
        if (declaration.find()) {
          found.add(declaration.group(1));
        }
      }
    }
    assertTrue(
        found.containsAll(Set.of("Conv2d", "MaxPool2d", "Relu", "Dropout", "ConvBlock")),
        found.toString());
    found.removeIf(name -> checks.contains("new " + name + "(") || checks.contains(name + "::new"));
    assertEquals(Set.of(), found);
  }

  @Test
  void namesAreDistinct() {
    List<String> names = StandardChecks.all().stream().map(StandardCheck::name).toList();
    assertEquals(names.size(), names.stream().distinct().count());
  }

  /** A net that has been trained for 20 steps has learned something. */
  @Test
  void trainingLowersTheLoss() {
    VggConfig config =
        VggConfig.builder()
            .layers("4,M,6,M")
            .channels(2)
            .imageSize(8)
            .hidden(12)
            .classes(4)
            .dropout(0)
            .build();
    NetworkOptions options = NetworkOptions.training(6);
    try (Backend backend = new ReferenceBackend();
        Vgg vgg = Vgg.build(config, Initialization.PYTORCH, options, backend)) {
      Network net = vgg.network();
      net.input(6).upload(NetChecks.images(net.input(6).shape(), SEED));
      double[] losses = NetChecks.train(net, NetChecks.STEPS);
      assertEquals(20, losses.length);
      assertTrue(losses[19] < 0.8 * losses[0], losses[0] + " to " + losses[19]);
    }
  }

  @Test
  void netsAreDrawnAnewForKinksAlone() {
    assertEquals(List.of("net"), names(report(1e-9, 0)));
    assertEquals(List.of("net", "net, draw 2"), names(report(1e-9, 2), report(1e-9, 0)));
    assertEquals(List.of("net"), names(report(1e-3, 2)));
    assertEquals(List.of("net"), names(report(Double.NaN, 2)));
    assertEquals(List.of("net", "net, draw 2"), names(report(1e-9, 2), report(1e-3, 0)));
  }

  @Test
  void threeDrawsFullOfKinksFail() {
    GradientReport kinked = report(1e-9, 2);
    assertEquals(
        List.of("net", "net, draw 2", "net, draw 3"), names(kinked, kinked, kinked, kinked));
    assertFalse(NetChecks.drawn("net", SEED, (name, seed) -> kinked).passed());
  }

  private static List<String> names(GradientReport... reports) {
    List<String> names = new ArrayList<>();
    List<Long> seeds = new ArrayList<>();
    NetChecks.drawn(
        "net",
        SEED,
        (name, seed) -> {
          names.add(name);
          seeds.add(seed);
          return reports[names.size() - 1];
        });
    assertEquals(seeds.size(), seeds.stream().distinct().count());
    return names;
  }

  private static GradientReport report(double error, int kinks) {
    TensorReport.Worst worst = new TensorReport.Worst(error, 0, 0, 0);
    TensorReport.Worst none = new TensorReport.Worst(0, 0, 0, 0);
    List<Integer> wrong = error <= 1e-6 ? List.of() : List.of(0);
    TensorReport tensor =
        new TensorReport(
            "w", Shape.of(100), 100, 1, worst, none, wrong, Repeat.ALIKE, kinks, List.of());
    return new GradientReport("net", GradientCheckOptions.NET, List.of(tensor));
  }
}
