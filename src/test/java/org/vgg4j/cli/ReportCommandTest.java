package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.testing.Events;
import org.vgg4j.testing.TinyPictures;

/** Reports and events of runs, by way of the commands. */
final class ReportCommandTest {
  @TempDir private static Path shared;
  private static Path pictures;
  private static Path run;
  private static Cli.Result trained;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    pictures = TinyPictures.write(shared.resolve("pictures"), 10, "sea & sky", "grass");
    run = shared.resolve("run");
    trained = train(run, pictures, "--tensorboard");
  }

  private static Cli.Result train(Path out, Path data, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "--out", out.toString()));
    arguments.addAll(Cli.TINY);
    arguments.addAll(List.of("--device", "cpu", "--batch-size", "4", "--epochs", "2"));
    arguments.addAll(List.of("--data", data.toString(), "--split", "0.3"));
    arguments.addAll(List.of(more));
    return Cli.run(arguments.toArray(new String[0]));
  }

  private static Cli.Result report(Object... arguments) {
    List<String> all = new ArrayList<>(List.of("report", "--device", "cpu"));
    Stream.of(arguments).forEach(argument -> all.add(argument.toString()));
    return Cli.run(all.toArray(new String[0]));
  }

  @Test
  void aTrainingEndsWithItsReport() throws IOException {
    assertEquals(0, trained.code(), trained.err());
    assertTrue(trained.errLines().contains("report: " + run.resolve("report.html")), trained.err());
    String html = Files.readString(run.resolve("report.html"));
    assertTrue(html.contains("<h2 dir=\"auto\">Most wrong</h2>"), html);
    assertTrue(html.contains("sea &amp; sky"), html);
    String command = html.substring(html.indexOf("<pre>"), html.indexOf("</pre>"));
    assertTrue(command.contains("--data " + pictures + " --split 0.3"), command);
    assertTrue(command.contains("--epochs 2"), command);
  }

  @Test
  void theCommandMakesTheSameReport() throws IOException {
    Path again = folder.resolve("again.html");
    Cli.Result result = report(run, "--out", again);
    assertEquals(0, result.code(), result.err());
    assertEquals(List.of(again.toString()), result.outLines());
    assertEquals(Files.readString(run.resolve("report.html")), Files.readString(again));
  }

  @Test
  void severalRunsAreCompared() throws IOException {
    Path other = folder.resolve("other");
    assertEquals(0, train(other, pictures, "--lr", "0.5", "--no-report").code());
    assertFalse(Files.exists(other.resolve("report.html")));
    Path page = folder.resolve("both.html");
    Cli.Result result = report(run, other, "--out", page);
    assertEquals(0, result.code(), result.err());
    String html = Files.readString(page);
    assertTrue(html.contains("Comparison of 2 runs"), html);
    assertTrue(html.contains("<td dir=\"auto\">learningRate</td>"), html);
  }

  @Test
  void imagesThatAreGoneAreLeftOut() throws IOException {
    Path data = TinyPictures.write(folder.resolve("data"), 10, "a", "b");
    Path other = folder.resolve("other");
    assertEquals(0, train(other, data).code());
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
    Cli.Result result = report(other);
    assertEquals(0, result.code(), result.err());
    String html = Files.readString(other.resolve("report.html"));
    assertTrue(html.contains("The images are not at hand"), html);
    assertFalse(html.contains("Most wrong"), html);
    assertTrue(html.contains("<h2 dir=\"auto\">Net</h2>"), html);
  }

  @Test
  void aReportThatCannotBeWrittenDoesNotFailTheRun() throws IOException {
    Path other = folder.resolve("other");
    Files.createDirectories(other.resolve("report.html").resolve("in the way"));
    Cli.Result result = train(other, pictures);
    assertEquals(0, result.code(), result.err());
    String last = result.errLines().get(result.errLines().size() - 1);
    assertTrue(last.startsWith("no report (cannot write "), last);
    assertTrue(last.endsWith("; the run is whole"), last);
    assertEquals(2, result.outLines().size());
  }

  @Test
  void aRunThatWentOnHasTheReportOfItsEnd() throws IOException {
    Path other = folder.resolve("other");
    assertEquals(0, train(other, pictures, "--no-report").code());
    Cli.Result more = Cli.run("train", "--resume", other.toString(), "--epochs", "3");
    assertEquals(0, more.code(), more.err());
    assertTrue(Files.readString(other.resolve("report.html")).contains("3 of 3"), more.err());
    Files.delete(other.resolve("report.html"));
    // Finished already: what is missing is made.
    assertEquals(0, Cli.run("train", "--resume", other.toString()).code());
    assertTrue(Files.readString(other.resolve("report.html")).contains("3 of 3"));
  }

  @Test
  void aRunThatDivergesHasTheReportOfItsWholeEpochs() throws IOException {
    Path other = folder.resolve("other");
    assertEquals(0, train(other, pictures, "--no-report").code());
    Cli.Result more =
        Cli.run("train", "--resume", other.toString(), "--epochs", "4", "--lr", "1e30");
    assertEquals(ExitCode.DIVERGED, more.code(), more.err());
    assertTrue(Files.readString(other.resolve("report.html")).contains("2 of 4"), more.err());
  }

  @Test
  void aRunThatIsStoppedHasTheReportOfItsWholeEpochs() throws Exception {
    Path other = folder.resolve("other");
    List<String> flags = new ArrayList<>(TinyRun.FLAGS);
    flags.remove("--no-report");
    flags.addAll(List.of("--epochs", "100000", "--out", other.toString()));
    Path log = folder.resolve("log");
    Process process = TinyRun.start(log, flags);
    while (process.isAlive() && !Files.exists(other.resolve("metrics.jsonl"))) {
      Thread.sleep(20);
    }
    process.destroy(); // SIGTERM
    assertEquals(143, process.waitFor(), Files.readString(log));
    String html = Files.readString(other.resolve("report.html"));
    assertTrue(html.contains(" of 100000</td>"), html);
    assertTrue(html.contains("figures of a sample of Fashion-MNIST"), html);
    assertTrue(Files.readString(log).contains("report: " + other), Files.readString(log));
  }

  @Test
  void aFolderWithoutARunIsRefused() {
    String refusal = Cli.refused(report(folder));
    assertTrue(refusal.endsWith("is " + folder + " the folder of a run?"), refusal);
  }

  @Test
  void eventsHoldTheMetricsAndPictures() throws IOException {
    List<Path> files = Events.files(run);
    assertEquals(1, files.size());
    List<Events.Fields> events = Events.read(files.get(0));
    List<String> losses =
        Events.scalars(events).stream().filter(line -> line.startsWith("loss/train")).toList();
    assertEquals(2, losses.size(), losses::toString);
    assertTrue(losses.get(1).startsWith("loss/train 2 "), losses::toString);
    List<String> tags =
        events.stream()
            .flatMap(event -> event.messages(5).stream())
            .flatMap(summary -> summary.messages(1).stream())
            .map(value -> value.text(1))
            .toList();
    assertTrue(tags.contains("configuration"), tags::toString);
    assertTrue(tags.contains("_hparams_/session_start_info"), tags::toString);
    assertTrue(tags.contains("first filters"), tags::toString);
    assertEquals(8, tags.stream().filter(tag -> tag.startsWith("training images/")).count());
  }

  @Test
  void aRunThatGoesOnTellsWhichEventsCount() throws IOException {
    Path other = folder.resolve("other");
    assertEquals(0, train(other, pictures, "--no-report", "--tensorboard").code());
    String[] more = {"train", "--resume", other.toString(), "--epochs", "3", "--tensorboard"};
    assertEquals(0, Cli.run(more).code());
    List<Path> files = Events.files(other);
    assertEquals(2, files.size());
    List<Events.Fields> events = Events.read(files.get(1));
    assertEquals(3, events.get(1).number(2));
    assertEquals(1, events.get(1).message(7).number(1));
    assertTrue(Events.scalars(events).get(0).startsWith("loss/train 3 "));
  }

  @Test
  void eventsThatBeginLateHaveTheEpochsBefore() throws IOException {
    Path other = folder.resolve("other");
    assertEquals(0, train(other, pictures, "--no-report").code());
    String[] more = {"train", "--resume", other.toString(), "--epochs", "3", "--tensorboard"};
    assertEquals(0, Cli.run(more).code());
    List<String> losses =
        Events.scalars(Events.read(Events.files(other).get(0))).stream()
            .filter(line -> line.startsWith("loss/train"))
            .map(line -> line.split(" ")[1])
            .toList();
    assertEquals(List.of("1", "2", "3"), losses);
  }
}
