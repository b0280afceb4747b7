package org.vgg4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.TinyNets;

/** What docs/embedding.md shows and says. */
final class EmbeddingTest {
  private static final Pattern PAGE = Pattern.compile("```java\n");

  @Test
  void thePageShowsTheCodeThatRuns() throws IOException {
    assertShown("EmbeddingExample", EmbeddingExample.sections());
    assertShown("CudaEmbeddingExample", CudaEmbeddingExample.sections());
    int blocks =
        PAGE.matcher(Files.readString(Path.of("docs/embedding.md"))).results().toList().size();
    int sections = EmbeddingExample.sections().size() + CudaEmbeddingExample.sections().size();
    assertEquals(sections, blocks, "every block of Java on the page is a section that runs");
  }

  private static void assertShown(String file, List<String> sections) throws IOException {
    String page = Files.readString(Path.of("docs/embedding.md"));
    String code = Files.readString(Path.of("src/test/java/org/vgg4j/" + file + ".java"));
    for (String section : sections) {
      Matcher matcher =
          Pattern.compile("// begin " + section + "\n(.*?)\n *// end " + section, Pattern.DOTALL)
              .matcher(code);
      assertTrue(matcher.find(), section);
      String block = "```java\n" + matcher.group(1).stripIndent() + "\n```";
      assertTrue(page.contains(block), "docs/embedding.md does not show section " + section);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void theCodeDoesWhatThePageSays(String device) {
    assertExamples(EngineOptions.of(device));
  }

  /** Runs what needs no files on an engine. */
  static void assertExamples(EngineOptions device) {
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, EmbeddingExample.tensor(device));
    assertEquals(1 << 20, EmbeddingExample.memory(device));
    float[] y = EmbeddingExample.convolution(device);
    assertEquals(4.5f, y[0]);
    assertEquals(6.5f, y[1]);
    assertEquals(9.5f, y[5]);
    assertEquals(Shape.of(4, 8, 4, 4), EmbeddingExample.block(device));
    assertEquals(-1e-3, EmbeddingExample.adam(device), 1e-9);
  }

  @Test
  void aRunIsTrainedAndGoneOnWith(@TempDir Path folder) throws Exception {
    FashionMnist sample =
        FashionMnist.load("sample", DataPlaces.ofThisMachine(), DownloadListener.NONE);
    ImageSource train = sample.train().limit(64);
    Path run = folder.resolve("run");
    Logger log = LoggerFactory.getLogger(EmbeddingTest.class);
    assertEquals(3, EmbeddingExample.run(train, sample.test().limit(20), run, log).epoch());
    assertEquals(3, Files.readAllLines(run.resolve("metrics.jsonl")).size());
    assertTrue(Files.exists(run.resolve("model.safetensors")));
    Path shared = folder.resolve("shared");
    assertEquals(1, EmbeddingExample.ranks(train, sample.test().limit(20), shared).epoch());
    assertTrue(Files.exists(shared.resolve("model.safetensors")));
    EmbeddingExample.report(train, sample.test().limit(20), run);
    assertTrue(Files.readString(run.resolve("report.html")).contains("Most wrong"));
    assertTrue(Files.readString(run.resolve("losses.html")).contains("By epoch"));
  }

  @Test
  void picturesAreClassifiedAndAPartIsRead(@TempDir Path folder) throws IOException {
    VggConfig config =
        VggConfig.builder().layers("4,M").channels(3).classes(10).imageSize(8).hidden(6).build();
    Path model = folder.resolve("model.safetensors");
    Path picture = folder.resolve("picture.png");
    ImageIO.write(new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB), "png", picture.toFile());
    try (Backend engine = Backends.open("reference").backend()) {
      try (Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), engine)) {
        ModelFile.save(vgg, List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"), model);
      }
      var answers =
          EmbeddingExample.classify(
              model, List.of(picture, picture), EngineOptions.of("reference"));
      assertEquals(2, answers.size());
      assertEquals(5, answers.get(0).size());
      try (ModelFile.Loaded trained = ModelFile.load(model, NetworkOptions.inference(1), engine)) {
        float[] image = new float[config.sample().arrayLength()];
        Arrays.fill(image, 0.5f);
        Execution right = trained.vgg().network().execution(1);
        right.input().upload(image);
        assertArrayEquals(
            TinyNets.values(right.forward(false)),
            EmbeddingExample.logits(trained.vgg(), image),
            1e-12);
      }
      try (Vgg vgg = EmbeddingExample.forOtherClasses(model, config, engine)) {
        assertEquals(5, vgg.config().classes());
        assertEquals(0.2, vgg.config().dropout());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeGoesInAndOutThroughBuffers(DType type) {
    for (String device : new String[] {"cpu", "reference"}) {
      try (Backend engine = Backends.open(device).backend()) {
        Layout layout = engine.plainLayout(Shape.of(2, 3), type);
        try (Arena arena = engine.allocate(Arena.align(layout.bytes()))) {
          Tensor tensor = arena.tensor(0, layout);
          ByteBuffer source =
              ByteBuffer.allocateDirect(6 * type.bytes()).order(ByteOrder.nativeOrder());
          for (int i = 0; i < 6; i++) {
            put(source, type, i * 40);
          }
          source.flip();
          tensor.upload(source);
          assertEquals(6 * type.bytes(), source.remaining());
          ByteBuffer target = ByteBuffer.allocateDirect(6 * type.bytes());
          tensor.download(target);
          assertEquals(source, target, device + " " + type);
          ByteBuffer small = ByteBuffer.allocate(6 * type.bytes() - 1);
          assertThrows(InvalidInputException.class, () -> tensor.upload(small));
        }
      }
    }
  }

  private static void put(ByteBuffer buffer, DType type, int value) {
    switch (type) {
      case F64 -> buffer.putDouble(value);
      case F32 -> buffer.putFloat(value);
      case BF16 -> buffer.putShort((short) (Float.floatToIntBits(value) >>> 16));
      case U8 -> buffer.put((byte) value);
      case I32 -> buffer.putInt(-value);
      case I64 -> buffer.putLong(Long.MIN_VALUE + value);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void anEngineBelongsToOneThreadAtATimeAndSaysSo(String device) throws Exception {
    try (Backend engine = Backends.open(device).backend()) {
      Layout layout = engine.plainLayout(Shape.of(4), engine.types().activation());
      try (Arena arena = engine.allocate(Arena.align(layout.bytes()))) {
        Tensor tensor = arena.tensor(0, layout);
        Runnable use = () -> tensor.upload(new float[4]);
        CompletionException refused =
            assertThrows(CompletionException.class, () -> CompletableFuture.runAsync(use).join());
        assertTrue(refused.getCause().getMessage().contains("belongs to thread"));
        engine.release();
        FutureTask<Void> elsewhere = new FutureTask<>(use, null);
        Thread other = new Thread(elsewhere);
        other.start();
        elsewhere.get(10, TimeUnit.SECONDS); // throws what the other thread was refused with
        other.join();
        use.run(); // the other thread has ended, so the engine is free again
      }
    }
  }

  @Test
  void twoEnginesInOneProcessDoNotDisturbEachOther() {
    float[] alone = EmbeddingExample.convolution(EngineOptions.of("cpu"));
    CompletableFuture<float[]> first =
        CompletableFuture.supplyAsync(() -> EmbeddingExample.convolution(EngineOptions.of("cpu")));
    CompletableFuture<float[]> second =
        CompletableFuture.supplyAsync(() -> EmbeddingExample.convolution(EngineOptions.of("cpu")));
    assertArrayEquals(alone, first.join());
    assertArrayEquals(alone, second.join());
  }
}
