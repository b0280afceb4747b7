package org.vgg4j.paper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.PaperTest;
import org.vgg4j.evaluation.Posteriors;
import org.vgg4j.evaluation.TestOptions;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.io.FileOperations;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.run.DataRequest;
import org.vgg4j.run.EngineSettings;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunPlan;
import org.vgg4j.tensor.Backend;

/** Tests trained nets, or finds what was tested before. */
final class StudyTests {
  /** Images of a pass over the net's own squares; dense passes over larger pictures take fewer. */
  private static final int BATCH = 64;

  private final StudyOptions options;
  private final RunPlan plan;
  private ImageSource images; // null until they are needed

  StudyTests(StudyOptions options, RunPlan plan) {
    this.options = options;
    this.plan = plan;
  }

  /**
   * Adds a run's tests to the results.
   *
   * @return whether all were made; false when stopped
   */
  boolean run(
      StudyRun run,
      StudyResults results,
      Study.Listener listener,
      int number,
      int of,
      BooleanSupplier stopped)
      throws IOException {
    Path model = options.folder(run).resolve("model.safetensors");
    TestStore.Origin origin =
        new TestStore.Origin(
            AtomicFile.sha256(model, FileOperations.SYSTEM), images(run).checksum());
    List<StudyTest> left = new ArrayList<>();
    for (StudyTest test : StudyTest.of(run, options.scales())) {
      Posteriors known = TestStore.find(options.file(test), origin);
      if (known == null) {
        left.add(test);
      } else {
        results.add(test, known);
      }
    }
    if (left.isEmpty()) {
      return true;
    }
    NetworkOptions batches = NetworkOptions.inference(BATCH);
    try (Backend backend =
            Backends.open(EngineSettings.options(options.settings(), plan.cudaLibraries()))
                .backend();
        ModelFile.Loaded loaded = ModelFile.load(model, batches, backend)) {
      Preprocessing how = loaded.preprocessing();
      ImageSource source = images(run).forChannels(how.channels());
      for (StudyTest test : left) {
        boolean isDense = test.way() == TestWay.DENSE;
        listener.testing(
            "%s: %s, Q = %d".formatted(options.name(run), test.way().text(), test.size()),
            number,
            of);
        Posteriors made =
            PaperTest.run(
                loaded.vgg(),
                how,
                source,
                new TestOptions(List.of(test.size()), isDense, !isDense, true),
                listener::tested,
                stopped);
        if (made == null) {
          return false;
        }
        TestStore.keep(options.file(test), origin, made);
        results.add(test, made);
      }
    }
    return true;
  }

  private ImageSource images(StudyRun run) {
    if (images == null) {
      DataRequest request =
          DataRequest.of(options.settings(run), options.recipe(run).preprocessing(), set -> {});
      images = RunData.limitedTest(plan.data().apply(request).test(), options.settings());
    }
    return images;
  }
}
