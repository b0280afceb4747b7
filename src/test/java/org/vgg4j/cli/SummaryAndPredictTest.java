package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.testing.Images;

/** The tools that show a net and use it. */
final class SummaryAndPredictTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  private List<String> lines() {
    return out.toString().lines().toList();
  }

  @Test
  void theSummaryOfThePapersNetsHasThePapersCounts() {
    assertEquals(
        0,
        run(
            "summary",
            "--arch=vgg16",
            "--no-batch-norm",
            "--channels=3",
            "--classes=1000",
            "--image-size=224",
            "--width=1",
            "--batch-size=1"));
    String total = lines().stream().filter(line -> line.startsWith("total")).findFirst().get();
    assertTrue(total.contains("138,357,544"), total);
    assertTrue(total.contains("15,470.3"), total); // the known 15.5 G multiply-adds of VGG16
    assertTrue(out.toString().contains("features.28"), "the last convolution's index");
    assertTrue(lines().stream().allMatch(line -> line.length() <= 82), "fits a narrow terminal");
  }

  @Test
  void theTotalIsTheSumOfTheParts() {
    assertEquals(0, run("summary", "--batch-size=8", "--accumulate=2"));
    List<String> memory =
        lines().stream()
            .dropWhile(line -> !line.startsWith("memory to train"))
            .filter(line -> line.contains(" bytes "))
            .toList();
    double parts =
        memory.stream()
            .takeWhile(line -> !line.strip().startsWith("total"))
            .flatMapToDouble(line -> DoubleStream.of(mebibytes(line)))
            .sum();
    double total =
        mebibytes(
            memory.stream().filter(l -> l.strip().startsWith("total")).findFirst().orElseThrow());
    assertEquals(total, parts, 0.02 * total); // the parts are rounded to three digits
  }

  private static double mebibytes(String line) {
    String[] words = line.strip().split(" +", -1);
    double value = Double.parseDouble(words[words.length - 2]);
    return switch (words[words.length - 1]) {
      case "B" -> value / (1 << 20);
      case "KiB" -> value / 1024;
      case "MiB" -> value;
      case "GiB" -> value * 1024;
      default -> throw new AssertionError(line);
    };
  }

  @Test
  void aTrainedNetKnowsImagesOfTheTestSet() throws IOException {
    Path run = folder.resolve("run");
    String[] train = {
      "train",
      "--data=sample",
      "--layers=8,M,16,M",
      "--image-size=16",
      "--width=1/4",
      "--epochs=2",
      "--lr=3e-3",
      "--out=" + run
    };
    assertEquals(0, run(train), err.toString());
    ImageSource test =
        FashionMnist.load(FashionMnist.SAMPLE, DataPlaces.ofThisMachine(), DownloadListener.NONE)
            .test();
    List<String> arguments = new ArrayList<>();
    arguments.add("predict");
    arguments.add(run.resolve("model.safetensors").toString());
    for (int i = 0; i < 100; i++) {
      BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
      image.getRaster().setDataElements(0, 0, 28, 28, Images.bytes(test, i));
      Path file = folder.resolve(i + ".png");
      ImageIO.write(image, "png", file.toFile());
      arguments.add(file.toString());
    }
    arguments.add("--invert=never");
    assertEquals(0, run(arguments.toArray(String[]::new)), err.toString());
    assertEquals(100 * 6, lines().size());
    int right = 0;
    for (int i = 0; i < 100; i++) {
      assertEquals(folder.resolve(i + ".png").toString(), lines().get(6 * i));
      List<String> answers = lines().subList(6 * i + 1, 6 * i + 6);
      double sum = answers.stream().mapToDouble(SummaryAndPredictTest::percent).sum();
      assertTrue(sum > 50 && sum <= 100.03, answers.toString());
      assertTrue(percent(answers.get(0)) >= percent(answers.get(1)), answers.toString());
      right += answers.get(0).endsWith("%  " + test.classNames().get(test.label(i))) ? 1 : 0;
    }
    assertTrue(right > 50, right + " of 100 right; guessing gives 10");
    assertEquals(2, run("predict", run.resolve("model.safetensors").toString(), "missing.png"));
    assertEquals("vgg: missing.png is not a file", err.toString().strip());
  }

  private static double percent(String answer) {
    return Double.parseDouble(answer.strip().split(" +", 2)[0]);
  }
}
