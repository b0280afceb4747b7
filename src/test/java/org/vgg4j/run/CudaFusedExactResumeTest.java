package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.Answers;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.io.MemoryFiles;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;
import org.vgg4j.train.TrainingOptions;

/**
 * On the GPU engine with all that cuDNN fuses, which no deterministic engine has: the convolutions'
 * plans are those of a deterministic one, and a run goes on with the choices that it kept, whatever
 * the cache says by then.
 */
@OnCuda
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // so that choices are made once
class CudaFusedExactResumeTest extends ExactResumeTest {
  private static final Path MODEL = TinyTraining.FOLDER.resolve("model.safetensors");

  private Path cache;
  private Map<String, String> choices; // of the run
  private final List<CudaBackend> engines = new ArrayList<>();

  Precision precision() {
    return Precision.TF32;
  }

  @Override
  VggConfig net(TinyTraining training) {
    return TinyTraining.IN_A_ROW;
  }

  /** Returns the questions that must be answered with yes. */
  List<String> fused() {
    return List.of("fuse forward statistics ", "fuse norm forward statistics ");
  }

  @BeforeAll
  final void choose(@TempDir Path folder) throws IOException {
    cache = folder;
    Map<String, String> plans;
    try (CudaBackend backend =
        CudaUnderTest.open(CudaUnderTest.deterministic(precision(), Activations.RECOMPUTE))) {
      train(backend);
      plans = backend.choices();
    }
    choices = Answers.of(precision(), Activations.RECOMPUTE, plans, question -> true, this::train);
    for (String question : fused()) {
      if (choices.keySet().stream().noneMatch(name -> name.startsWith(question))) {
        throw new AssertionError("nobody asked to " + question + "in " + choices);
      }
    }
    requireEqualBits();
    try (CudaBackend backend = Answers.open(precision(), Activations.RECOMPUTE, Map.of(), cache)) {
      train(backend);
    }
    answerNo();
  }

  /**
   * On a GPU cuDNN adds fused statistics in any order (H100 and H200, cuDNN 9.14): equal runs may
   * have equal bits by chance, and there is nothing to compare. Other fusions may do so as well.
   */
  private void requireEqualBits() throws IOException {
    if (CudaUnderTest.isGpu()) {
      Assumptions.assumeTrue(
          fused().stream().noneMatch(question -> question.contains("statistics")),
          "a GPU adds fused statistics in any order");
    }
    List<MemoryFiles> runs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      try (CudaBackend backend = Answers.open(precision(), Activations.RECOMPUTE, choices, null)) {
        runs.add(train(backend));
      }
    }
    boolean isSame = true;
    for (MemoryFiles run : runs) {
      isSame &= Arrays.equals(run.bytes(MODEL), runs.get(0).bytes(MODEL));
    }
    if (CudaUnderTest.isGpu()) {
      Assumptions.assumeTrue(isSame, "this GPU's fused engines do not repeat their bits");
    }
    assertTrue(isSame, "three equal runs have different bits");
  }

  /** Another process may have found that nothing is to be fused. */
  private void answerNo() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("convolution-plans-")).toList()) {
        List<String> lines = Files.readAllLines(file);
        lines.replaceAll(line -> Answers.isAnswer(line) ? line.replaceAll("\t.*", "\tno") : line);
        Files.write(file, lines);
      }
    }
  }

  /** Builds what a run builds, evaluation included. */
  private MemoryFiles train(Backend backend) {
    TrainingOptions options = new TrainingOptions(1, 4, 1, 3e-3, LearningRateSchedule.CONSTANT, 7);
    TinyTraining training = new TinyTraining(backend, "sgd", options);
    training.net = net(training);
    MemoryFiles files = new MemoryFiles();
    try {
      training.run(files, CheckpointInterval.EPOCH, (trainer, vgg) -> {});
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  final Backend open() {
    return opened(null);
  }

  @Override
  final Backend openOther() {
    return opened(cache);
  }

  private Backend opened(Path folder) {
    CudaBackend backend = Answers.open(precision(), Activations.RECOMPUTE, choices, folder);
    engines.add(backend);
    return backend;
  }

  /**
   * What they had taken when they were closed; a net with frozen layers has other operations too.
   */
  @AfterEach
  final void theChoicesWereTaken(TestInfo test) {
    boolean hasFrozen = test.getTestMethod().orElseThrow().getName().equals("updatesToo");
    List<Map<String, String>> taken = engines.stream().map(CudaBackend::choices).toList();
    engines.clear();
    for (Map<String, String> each : taken) {
      Map<String, String> known = new TreeMap<>(each);
      if (hasFrozen) {
        known.keySet().retainAll(choices.keySet());
        assertFalse(known.isEmpty());
        assertEquals(Map.of(), difference(known, choices));
      } else {
        assertEquals(choices, known);
      }
    }
  }

  /** Returns what is not the same in another map. */
  private static Map<String, String> difference(Map<String, String> some, Map<String, String> all) {
    Map<String, String> rest = new TreeMap<>(some);
    rest.entrySet().removeIf(entry -> entry.getValue().equals(all.get(entry.getKey())));
    return rest;
  }

  @Override
  int interruptions() {
    return 2; // of each of four rows
  }
}
