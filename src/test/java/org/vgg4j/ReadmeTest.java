package org.vgg4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.io.Verification;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.testing.IdxFolder;
import org.vgg4j.train.EpochMetrics;

/** The Java code in README.md is code that runs. */
final class ReadmeTest {
  private static final String SOURCE = "src/test/java/org/vgg4j/ReadmeExample.java";

  @TempDir private Path folder;

  @Test
  void theReadmeShowsTheCodeThatRuns() throws IOException {
    String shown =
        block(
            Path.of("README.md"),
            "<!-- example: " + Pattern.quote(SOURCE) + " -->\n```java\n(.*?)\n```");
    String run = block(Path.of(SOURCE), "// begin\n(.*?)\n *// end");
    assertFalse(run.isBlank());
    assertEquals(run.stripIndent(), shown.stripIndent());
  }

  private static String block(Path file, String pattern) throws IOException {
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(Files.readString(file));
    assertTrue(matcher.find(), file + " has no example");
    return matcher.group(1);
  }

  @Test
  void theCodeTrainsAndSaves() throws IOException {
    FashionMnist sample =
        FashionMnist.load("sample", DataPlaces.ofThisMachine(), DownloadListener.NONE);
    FashionMnist cut =
        new FashionMnist(sample.train().limit(80), sample.test().limit(20), folder, true);
    Path data = IdxFolder.write(folder.resolve("data"), cut.train(), cut.test());
    Path model = folder.resolve("model.safetensors");
    EpochMetrics last = ReadmeExample.train(data.toString(), model);
    assertEquals(3, last.epoch());
    try (Backend engine = Backends.open("auto").backend();
        ModelFile.Loaded loaded = ModelFile.load(model, NetworkOptions.inference(64), engine)) {
      assertEquals(Verification.VERIFIED, loaded.verification());
      assertEquals(FashionMnist.CLASS_NAMES, loaded.classNames());
      assertEquals(
          last.testAccuracy(),
          Evaluator.evaluate(loaded.vgg(), loaded.preprocessing(), cut.test()).accuracy());
    }
  }
}
