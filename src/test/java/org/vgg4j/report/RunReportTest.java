package org.vgg4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;

/** The report of a run, on the reader's side: what stands in it, whatever the run is like. */
final class RunReportTest {
  private static final List<String> HOSTILE =
      List.of("<b>\"bold\"</b>", "R&B 'n' more", "猫 \u202e🌹");
  private static final List<String> SECTIONS =
      List.of(
          "Curves",
          "Epochs",
          "Confusion",
          "Classes",
          "Most wrong",
          "Least sure",
          "Training images",
          "First layer",
          "Net",
          "Configuration",
          "Versions",
          "To repeat the run");

  @TempDir private static Path shared;
  private static RunData data;
  private static RunRecord run;
  private static String whole;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    data = TinyReports.data(3, 48, 30, HOSTILE);
    run = TinyReports.train(shared.resolve("run <1>"), data, Map.of("flip", "true"));
    whole = TinyReports.html(run, data);
  }

  private static List<String> sections(String html) {
    return found("<h2[^>]*>([^<]*)</h2>", html);
  }

  private static List<String> found(String regex, String html) {
    return Pattern.compile(regex).matcher(html).results().map(r -> r.group(1)).toList();
  }

  @Test
  void everyPartIsThere() {
    assertEquals(SECTIONS, sections(whole));
    assertEquals(4, found("<figure class=\"(chart)\">", whole).size());
    assertTrue(whole.contains("<h1 dir=\"auto\">Run run &lt;1&gt;</h1>"), whole);
  }

  @Test
  void namesOfAnyKindAreTexts() {
    assertTrue(whole.contains("&lt;b&gt;&quot;bold&quot;&lt;/b&gt;"), whole);
    assertTrue(whole.contains("R&amp;B &#39;n&#39; more"), whole);
    assertTrue(whole.contains("猫 \u202e🌹"), whole);
    assertFalse(whole.contains("<b>"), whole);
  }

  @Test
  void theSameRunGivesTheSameBytes() throws IOException {
    assertEquals(whole, TinyReports.html(RunRecord.read(run.folder()), data));
  }

  @Test
  void itsFiguresAreThoseOfTheRun() {
    String accuracy = Figures.percent(run.epochs().get(1).testAccuracy());
    assertTrue(
        whole.contains("test accuracy</td><td dir=\"auto\">" + accuracy)
            || whole.contains("test accuracy</td><td class=\"n\">" + accuracy),
        whole);
    assertTrue(whole.contains(">features.0</td>"), whole);
    // Every image is in the matrix.
    int images =
        found("title>[^<]* answered as [^<]*: (\\d+)</title>", whole).stream()
            .mapToInt(Integer::parseInt)
            .sum();
    assertEquals(30, images);
  }

  @Test
  void withoutImagesItSaysWhatTheModelAlonesays() throws IOException {
    String html = TinyReports.html(run, null);
    assertEquals(
        List.of(
            "Curves",
            "Epochs",
            "First layer",
            "Net",
            "Configuration",
            "Versions",
            "To repeat the run"),
        sections(html));
  }

  @Test
  void otherImagesAreToldFromThoseOfTheRun() throws IOException {
    assertFalse(whole.contains("The test images are others"));
    assertTrue(
        TinyReports.html(run, TinyReports.data(3, 48, 29, HOSTILE))
            .contains("The test images are others than those of the run"));
  }

  @Test
  void oneClassAndOneEpochAreEnough() throws IOException {
    RunData one = TinyReports.data(1, 8, 4, List.of("only"));
    RunRecord single =
        TinyReports.train(folder.resolve("one"), one, Map.of("epochs", "1", "classes", "1"));
    String html = TinyReports.html(single, one);
    assertTrue(html.contains("No image was answered wrongly."), html);
    assertFalse(sections(html).contains("Most wrong"), html);
    assertEquals(4, found("(<circle)", html).size() - 1); // two lines in the chart of accuracy
  }

  @Test
  void aThousandClassesArePairsAndAPicture() throws IOException {
    List<String> names = IntStream.range(0, 1000).mapToObj(i -> "class " + i).toList();
    RunData many = TinyReports.data(1, 1000, 1000, names);
    RunRecord big =
        TinyReports.train(
            folder.resolve("many"),
            many,
            Map.of("epochs", "1", "classes", "1000", "batchSize", "250"));
    String html = TinyReports.html(big, many);
    assertEquals(0, found("(<rect)", html).size());
    assertEquals(40, found("(class=\"bar\")", html).size());
    assertTrue(html.length() < 400_000, "" + html.length());
  }

  @Test
  void aRunThatHasNoEpochYetHasAPage() throws IOException {
    Path begun = Files.createDirectories(folder.resolve("begun"));
    Files.copy(run.folder().resolve("config.json"), begun.resolve("config.json"));
    String html = TinyReports.html(RunRecord.read(begun), data);
    assertTrue(html.contains("No epoch has ended: there is no model yet."), html);
    assertEquals(List.of("Configuration", "Versions", "To repeat the run"), sections(html));
  }

  @Test
  void valuesThatAreNoNumbersAreGaps() throws IOException {
    Path odd = Files.createDirectories(folder.resolve("odd"));
    Files.copy(run.folder().resolve("config.json"), odd.resolve("config.json"));
    Files.writeString(
        odd.resolve("metrics.jsonl"),
        """
        {"epoch":1,"trainLoss":2.5,"trainAccuracy":0.5,"testAccuracy":0.25,"seconds":1.0,"imagesPerSecond":10.0}
        {"epoch":2,"trainLoss":"NaN","trainAccuracy":0.5,"testAccuracy":"NaN","seconds":1.0,"imagesPerSecond":"Infinity"}
        """);
    String html = TinyReports.html(RunRecord.read(odd), null);
    assertFalse(html.contains("NaN"), html);
    assertTrue(
        html.contains("<td dir=\"auto\">best</td><td dir=\"auto\">25.00%, epoch 1</td>"), html);
    assertTrue(html.contains("no values"), html); // of the learning rate, which was not kept then
  }

  @Test
  void answersThatAreNoNumbersAreCounted() {
    Answers answers = new Answers(3, done -> {});
    answers.answered(0, 1, new double[] {Double.NaN, Double.NaN});
    answers.answered(1, 0, new double[] {Math.log(0.25), Math.log(0.75)});
    answers.answered(2, 1, new double[] {Math.log(0.25), Math.log(0.75)});
    answers.answered(3, 0, new double[] {Math.log(0.1), Math.log(0.9)});
    answers.answered(4, 0, new double[] {Math.log(0.6), Math.log(0.4)});
    assertEquals(1, answers.undecided());
    assertEquals(List.of(3, 1), answers.wrong().stream().map(Answers.Answer::image).toList());
    assertEquals(List.of(4, 1, 2), answers.unsure().stream().map(Answers.Answer::image).toList());
  }

  @Test
  void aClassWithoutImagesHasAnEmptyBar() {
    Evaluation evaluation =
        new Evaluation(1, new long[][] {{2, 0}, {0, 0}}, 2, 0, List.of("some", "none"));
    Page page = new Page("page");
    new AnswerParts(
            new Measurement(List.of(), evaluation, new Answers(1, done -> {})),
            TinyReports.data(1, 2, 2, List.of("some", "none")))
        .add(page);
    assertTrue(page.html().contains("- · - · 0"), page.html());
  }

  @Test
  void runsAreComparedByWhatDiffers() throws IOException {
    RunRecord other =
        TinyReports.train(
            folder.resolve("other"), data, Map.of("epochs", "3", "learningRate", "0.5"));
    String html = RunComparison.of(List.of(run, other)).html();
    assertEquals(List.of("Curves", "Differences of configuration"), sections(html));
    assertEquals(5, found("<figure class=\"(chart)\">", html).size());
    assertEquals(10, found("(<bdi>)", html).size()); // two in each legend
    String differences = html.substring(html.indexOf("Differences"));
    assertEquals(
        List.of("epochs", "learningRate", "flip"), found("<tr><td[^>]*>([^<]*)<", differences));
    assertTrue(
        RunComparison.of(List.of(run, run)).html().contains("<p dir=\"auto\">There are none.</p>"));
  }
}
