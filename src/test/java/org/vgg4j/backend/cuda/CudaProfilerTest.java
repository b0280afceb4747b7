package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.collective.Collective;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NormSums;
import org.vgg4j.nn.Stage;
import org.vgg4j.nn.StageListener;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.OperationTime;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Profiler;
import org.vgg4j.tensor.SectionTime;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.StepTime;
import org.vgg4j.train.TrainingOptions;
import org.vgg4j.train.TrainingStep;

/** The launches of a step, beside what the plans say of themselves. */
@OnCuda
final class CudaProfilerTest {
  private static final int BATCH = 4;

  private static VggConfig net(String layers, boolean norm) {
    return VggConfig.builder()
        .layers(layers)
        .batchNorm(norm)
        .channels(1)
        .classes(3)
        .imageSize(8)
        .hidden(5)
        .dropout(0.3)
        .build();
  }

  private static void follow(Network network, Profiler profiler) {
    network.listen(
        new StageListener() {
          @Override
          public void beforeForward(Stage stage) {
            profiler.begin(StepPart.FORWARD, stage.name(), stage.work());
          }

          @Override
          public void beforeBackward(Stage stage) {
            profiler.begin(StepPart.BACKWARD, stage.name(), stage.work());
          }
        });
  }

  private static StepTime profiled(CudaBackend backend, VggConfig config, Optimizer optimizer) {
    return profiled(backend, config, optimizer, UpdateOptions.NONE);
  }

  private static StepTime profiled(
      CudaBackend backend, VggConfig config, Optimizer optimizer, UpdateOptions updates) {
    return profiled(backend, config, optimizer, updates, null);
  }

  private static StepTime profiled(
      CudaBackend backend,
      VggConfig config,
      Optimizer optimizer,
      UpdateOptions updates,
      NormSums norms) {
    NetworkOptions options =
        NetworkOptions.training(BATCH).withFrozen(updates.frozen()).withNormSums(norms);
    TrainingOptions training =
        new TrainingOptions(1, BATCH, 2, 1e-3, LearningRateSchedule.CONSTANT, 1)
            .withUpdates(updates);
    try (Vgg vgg = Vgg.build(config, Initialization.PYTORCH, options, backend);
        TrainingStep step = new TrainingStep(vgg.network(), optimizer, training);
        Profiler profiler = backend.profiler()) {
      Network network = vgg.network();
      Execution at = network.execution(BATCH);
      at.input().fill(i -> i % 7 - 3);
      at.labels().upload(new int[] {0, 1, 2, 1});
      network.stepState().set(0, 0, 1e-3, BATCH, 1.0 / BATCH);
      step.run(at, true, true);
      follow(network, profiler);
      step.mark(profiler, true);
      profiler.startStep();
      step.run(at, true, false);
      step.run(at, false, true);
      StepTime time = profiler.endStep();
      step.mark(StepMarks.NONE, false);
      network.listen(StageListener.NONE);
      step.run(at, true, true); // nothing listens any more
      return time;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FP32, KEEP, true, 3-8-M-4-8-5-M, adam,",
    "TF32, RECOMPUTE, true, 3-8-M-4-8-5-M, sgd,",
    "BF16, KEEP, true, 3-8-M-4-8-5-M, adam,",
    "BF16, RECOMPUTE, true, 3-8-M-4-8-5-M, adam,",
    "FP32, KEEP, false, 3-L-8-M-4-8c1-M, sgd,",
    "BF16, KEEP, false, 3-8-M-4-8c1-M, adam,",
    "FP32, KEEP, true, 3-8-M-4-8-5-M, adam, features.0",
    "BF16, RECOMPUTE, true, 3-8-M-4-8-5-M, sgd, features.10-classifier.3",
    "BF16, KEEP, false, 3-8-M-4-8c1-M, adam, features.2-features.5",
  })
  void everyLaunchIsNamedByItsPlan(
      Precision precision,
      Activations activations,
      boolean norm,
      String layers,
      String name,
      String frozen) {
    UpdateOptions updates =
        frozen == null
            ? UpdateOptions.NONE
            : new UpdateOptions(0.5, 0.9, 1e-2, List.of(frozen.split("-")));
    VggConfig config = net(layers.replace('-', ','), norm);
    Optimizer optimizer = name.equals("adam") ? new Adam() : new Sgd(0.9);
    try (CudaBackend backend =
        CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations))) {
      requireNamed(profiled(backend, config, optimizer, updates));
    }
  }

  /** With one rank, which any GPU has. */
  @ParameterizedTest
  @CsvSource({"FP32, KEEP", "BF16, RECOMPUTE"})
  void launchesOfNormsOverRanksAreNamedToo(Precision precision, Activations activations) {
    byte[] id = NcclRanks.newId(CudaUnderTest.libraries(), Ranks.PATIENT);
    try (CudaBackend backend =
            CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations));
        Collective one = NcclRanks.join(backend, id, 0, 1, Ranks.PATIENT)) {
      VggConfig config = net("3,8,M,4,8,5,M", true);
      requireNamed(profiled(backend, config, new Sgd(0.9), UpdateOptions.NONE, new NormSums(one)));
    }
  }

  private static void requireNamed(StepTime step) {
    List<String> unknown = new ArrayList<>();
    for (SectionTime section : step.sections()) {
      String where = section.part().text() + " " + section.layer() + ": ";
      assertFalse(section.operations().isEmpty(), where + "no launch");
      for (OperationTime operation : section.operations()) {
        assertTrue(operation.millis() >= 0, where + operation);
        if (operation.name().equals(operation.implementation())) {
          unknown.add(where + operation.name());
        }
        boolean isProduct = operation.implementation().matches("cuDNN .*|cublasLt");
        boolean mayMultiply = operation.implementation().startsWith("vgg4j_first_");
        assertTrue(isProduct == operation.multiplyAdds() > 0 || mayMultiply, where + operation);
      }
    }
    assertEquals(List.of(), unknown);
    assertTrue(step.millis() >= step.sections().stream().mapToDouble(SectionTime::millis).sum());
  }

  @Test
  void convolutionsSayTheirEngineAndTheirProducts() {
    try (CudaBackend backend =
        CudaUnderTest.open(CudaUnderTest.deterministic(Precision.FP32, Activations.KEEP))) {
      StepTime step = profiled(backend, net("3,8,M", true), new Adam());
      SectionTime forward =
          step.sections().stream()
              .filter(s -> s.part() == StepPart.FORWARD && s.layer().equals("features.3"))
              .findFirst()
              .get();
      OperationTime convolution = forward.operations().get(0);
      assertEquals("convolution forward", convolution.name());
      assertTrue(
          convolution.implementation().matches("cuDNN engine \\d+.*"), convolution.toString());
      assertEquals((long) BATCH * 8 * 8 * 8 * 3 * 9, convolution.multiplyAdds());
      assertEquals("vgg4j_adam", last(step).implementation());
      assertTrue(last(step).bytes() > 0);
    }
  }

  private static OperationTime last(StepTime step) {
    List<OperationTime> all = step.sections().get(step.sections().size() - 1).operations();
    return all.get(all.size() - 1);
  }
}
