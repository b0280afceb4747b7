package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;

/** {@code --data-on} on the GPU engine: the line at the start, what is kept, what is refused. */
@OnStandIn
final class CudaDataOnTest {

  @TempDir private Path folder;

  @BeforeEach
  void requireStandIn() {
    StandIn.require();
  }

  @AfterEach
  void reset() {
    StandIn.capacity(StandIn.BYTES);
    StandIn.reset();
  }

  private static Cli.Result run(List<String> arguments, String... more) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of(more));
    all.addAll(List.of("--cuda-libs", CudaUnderTest.libraries().get(0).toString()));
    return Cli.run(all.toArray(String[]::new));
  }

  private Cli.Result train(String name, String... more) {
    return on("cuda", name, more);
  }

  private Cli.Result on(String device, String name, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "--out", folder.resolve(name) + ""));
    arguments.addAll(Cli.TINY);
    arguments.addAll(List.of("--data", "sample", "--test-limit", "50", "--device", device));
    arguments.addAll(List.of("--batch-size", "64", "--epochs", "1", "--deterministic"));
    arguments.addAll(List.of(more));
    return device.equals("cpu")
        ? Cli.run(arguments.toArray(String[]::new))
        : run(arguments, "--workspace-limit", "1M");
  }

  private static String dataLine(Cli.Result result) {
    assertEquals(ExitCode.DONE, result.code(), result::err);
    List<String> lines =
        result.errLines().stream().filter(l -> l.matches(".*data (on|from) .*")).toList();
    assertEquals(1, lines.size(), result::err);
    return lines.get(0);
  }

  private String config(String name) throws IOException {
    Path file = folder.resolve(name).resolve("config.json");
    return new ObjectMapper().readTree(file.toFile()).get("dataOn").asText();
  }

  private byte[] model(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }

  @Test
  void theFirstLinesSayWhereTheImagesLie() throws IOException {
    String[] few = {"--train-limit", "200"};
    assertEquals("data on the GPU: 212 kB", dataLine(train("auto", few)));
    assertEquals("auto", config("auto"));
    Cli.Result host = train("host", "--train-limit", "200", "--data-on", "host");
    assertEquals("data from the host: as asked for", dataLine(host));
    assertEquals("host", config("host"));
    assertArrayEquals(model("auto"), model("host"));
    List<String> resume = List.of("train", "--resume", folder.resolve("host") + "");
    assertEquals("data from the host: as asked for", dataLine(run(resume, "--epochs", "2")));
    Cli.Result moved = run(resume, "--data-on", "device", "--epochs", "3");
    assertEquals("data on the GPU: 212 kB", dataLine(moved));
    assertTrue(moved.err().contains("changed: --data-on device (the run: host)"), moved.err());
    assertEquals("device", config("host"));
  }

  /** The net takes less than a megabyte, the 6000 images with their table 5.1. */
  @Test
  void imagesWithoutRoomComeFromTheHost() throws IOException {
    String[] all = {"--train-limit", "6000", "--checkpoint-every", "100000"};
    StandIn.capacity((512L << 20) + (6 << 20));
    String line = dataLine(train("auto", all));
    assertTrue(
        line.matches(
            "training data from the host: the images of .* need 5\\.1 MB, and \\d\\.\\d MB of the"
                + " GPU's memory are free beside the training; test data on the GPU: 43 kB"),
        line);
    String refused = Cli.refused(train("device", "--data-on", "device"));
    assertTrue(refused.startsWith("vgg: --data-on cannot be device: the images of "), refused);
    assertTrue(refused.contains(" need 5.1 MB, and "), refused);
    assertFalse(Files.exists(folder.resolve("device")));
  }

  @Test
  void placesThatThereAreNot() {
    String line = Cli.refused(train("run", "--data-on", "disk"));
    assertEquals("vgg: --data-on must be one of auto, host, device, not disk", line);
    assertFalse(Files.exists(folder.resolve("run")));
  }

  /** On the CPU engine there is no such place, nor a line about it. */
  @Test
  void theCpuEngineKeepsNoImages() throws IOException {
    Path run = folder.resolve("run");
    String line = Cli.refused(on("cpu", "run", "--data-on", "device"));
    assertEquals("vgg: --data-on is for the GPU: leave it out with --device cpu", line);
    assertFalse(Files.exists(run));
    Cli.Result result = on("cpu", "run", "--train-limit", "64", "--data-on", "auto");
    assertEquals(ExitCode.DONE, result.code(), result::err);
    assertFalse(result.err().contains("data from"), result::err);
    assertEquals("null", config("run"));
  }
}
