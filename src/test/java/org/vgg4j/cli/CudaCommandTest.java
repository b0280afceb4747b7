package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.tensor.UserFolders;

/** The command line over the GPU engine: what a run keeps, and how it ends when the GPU does. */
@OnStandIn
final class CudaCommandTest {
  private static final String TIMED = "cudaEventElapsedTime";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @BeforeAll
  static void requireStandIn() {
    StandIn.require();
  }

  @BeforeEach
  @AfterEach
  void reset() {
    StandIn.reset();
    StandIn.capacity(StandIn.BYTES);
  }

  private static String[] onStandIn(List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of("--cuda-libs", CudaUnderTest.libraries().get(0).toString()));
    return all.toArray(String[]::new);
  }

  /** Two epochs of 13 steps; a checkpoint at each step. */
  private Cli.Result train(Path run, String... more) {
    List<String> arguments = new ArrayList<>(Cli.TINY);
    arguments.addAll(
        List.of("--data", "sample", "--train-limit", "200", "--test-limit", "50", "--device"));
    arguments.addAll(List.of("cuda", "--batch-size", "16", "--epochs", "2"));
    arguments.addAll(List.of("--checkpoint-every", "1", "--workspace-limit", "16M"));
    arguments.addAll(List.of(more));
    arguments.addAll(0, List.of("train", "--out", run.toString()));
    return Cli.run(onStandIn(arguments));
  }

  /** The limit is a byte less than what everything takes. */
  @Test
  void aLimitOfMemoryKeepsTheBits() throws IOException {
    List<String> net =
        List.of(
            ("--layers 256,256,M,384,384,M --width 1/64 --image-size 8 --batch-size 16 --device"
                    + " cuda --workspace-limit 16M --deterministic --precision bf16")
                .split(" "));
    List<String> summary = new ArrayList<>(List.of("summary"));
    summary.addAll(net);
    String total =
        Cli.run(onStandIn(summary)).outLines().stream()
            .filter(line -> line.startsWith("  total"))
            .map(line -> line.replaceFirst(" bytes.*", "").replaceAll("\\D", ""))
            .findFirst()
            .orElseThrow();
    byte[] free = trained("free", net, "--memory", total);
    byte[] limited = trained("limited", net, "--memory", "" + (Long.parseLong(total) - 1));
    assertArrayEquals(free, limited);
  }

  private byte[] trained(String name, List<String> net, String... more) throws IOException {
    Path run = folder.resolve(name);
    List<String> arguments = new ArrayList<>(List.of("train", "--out", run.toString()));
    arguments.addAll(net);
    arguments.addAll(
        List.of("--data", "sample", "--train-limit", "40", "--test-limit", "20", "--epochs", "2"));
    arguments.addAll(List.of(more));
    Cli.Result result = Cli.run(onStandIn(arguments));
    assertEquals(0, result.code(), result.err());
    boolean isLimited = name.equals("limited");
    assertEquals(isLimited, result.err().contains("memory: norms computed again takes "));
    return Files.readAllBytes(run.resolve("model.safetensors"));
  }

  private Cli.Result resume(Path run, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "--resume", run.toString()));
    arguments.addAll(List.of(more));
    return Cli.run(onStandIn(arguments));
  }

  private static JsonNode config(Path run) throws IOException {
    return JSON.readTree(run.resolve("config.json").toFile());
  }

  /**
   * Takes away the newest checkpoints, so that there is something to resume, but never the oldest.
   */
  private static void forgetNewest(Path run, int count) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      List<Path> all = files.toList();
      int oldest = all.stream().mapToInt(CudaCommandTest::number).min().orElseThrow();
      int last = Math.max(oldest, TinyRun.newest(run) - count);
      for (Path file : all) {
        if (number(file) > last) {
          Files.delete(file);
        }
      }
    }
  }

  private static int number(Path checkpoint) {
    return Integer.parseInt(checkpoint.getFileName().toString().substring(11, 17));
  }

  /** Makes the user's cache say something else for everything, as other runs may have. */
  private static void cache(UnaryOperator<String> choiceOfProblem) throws IOException {
    Path cache = UserFolders.cache().resolve("vgg4j");
    Files.createDirectories(cache);
    try (Stream<Path> files = Files.list(cache)) {
      for (Path file : files.filter(f -> f.toString().contains("stand-in")).toList()) {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
          String problem = line.substring(0, line.indexOf('\t'));
          lines.add(problem + "\t" + choiceOfProblem.apply(problem));
        }
        Files.write(file, lines);
      }
    }
  }

  /** Runs every convolution strictly, but comes so late in the lists that it is never timed. */
  private static String slower(String problem) {
    return "engine 0";
  }

  @Test
  void aRunGoesOnWithItsOwnAlgorithms() throws IOException {
    Path run = folder.resolve("run");
    cache(problem -> "nonsense"); // so that all are measured
    Cli.Result first = train(run, "--precision", "fp32");
    assertEquals(ExitCode.DONE, first.code(), first::err);
    assertTrue(StandIn.calls(TIMED) > 0);
    JsonNode chosen = config(run).get("choices");
    assertTrue(chosen.size() >= 10, chosen::toPrettyString);
    forgetNewest(run, 2);
    cache(CudaCommandTest::slower);
    StandIn.reset();
    // A report tests a net for inference, whose first block is timed by itself.
    Cli.Result second = resume(run, "--no-report");
    assertEquals(ExitCode.DONE, second.code(), second::err);
    assertEquals(0, StandIn.calls(TIMED), "plans were timed again");
    assertEquals(chosen, choicesAtTheStart(run));
    assertFalse(second.err().contains("WARNING: the engine could"), second::err);
    assertEquals(16 << 20, config(run).get("workspaceLimit").asInt());
  }

  /**
   * A resumed run's choices, but for the form of its steps, which may have been timed meanwhile.
   */
  private static JsonNode choicesAtTheStart(Path run) throws IOException {
    ObjectNode choices = (ObjectNode) config(run).get("choices");
    JsonNode form = choices.remove("step graph");
    assertTrue(form == null || Set.of("serial", "branched").contains(form.asText()));
    return choices;
  }

  @Test
  void algorithmsThatDoNotRunAnyMoreAreTold() throws IOException {
    Path run = folder.resolve("run");
    cache(problem -> "nonsense");
    assertEquals(ExitCode.DONE, train(run, "--precision", "fp32").code());
    forgetNewest(run, 2);
    cache(CudaCommandTest::slower);
    StandIn.faults("cudnnBackendFinalize@1=3000");
    Cli.Result second = resume(run);
    assertEquals(ExitCode.DONE, second.code(), second::err);
    String warning = "WARNING: the engine could not choose as before for 1 of ";
    assertTrue(second.err().contains(warning), second::err);
    assertTrue(second.err().contains("such as forward f32 x 16x4x8x8"), second::err);
  }

  /** What was chosen for one precision or limit is no choice for another. */
  @Test
  void otherConditionsAreMeasuredAnew() throws IOException {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.DONE, train(run, "--precision", "fp32").code());
    forgetNewest(run, 2);
    cache(problem -> "nonsense");
    StandIn.reset();
    Cli.Result second =
        Cli.run(onStandIn(List.of("train", "--resume", run.toString(), "--precision", "tf32")));
    assertEquals(ExitCode.DONE, second.code(), second::err);
    assertTrue(StandIn.calls(TIMED) > 0, "the plans of fp32 were kept");
    assertFalse(second.err().contains("WARNING: the engine could"), second::err);
    assertEquals("tf32", config(run).get("precision").asText());
  }

  /** A run may move to another device when a flag says so, there and back. */
  @Test
  void aRunMovesToAnotherDeviceAndBack() throws IOException {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.DONE, train(run).code());
    forgetNewest(run, 4);
    Cli.Result onCpu = Cli.run("train", "--resume", run.toString(), "--device", "cpu");
    assertEquals(ExitCode.DONE, onCpu.code(), onCpu::err);
    assertEquals("cpu", config(run).get("device").asText());
    forgetNewest(run, 2);
    Cli.Result back =
        Cli.run(onStandIn(List.of("train", "--resume", run.toString(), "--device", "cuda:0")));
    assertEquals(ExitCode.DONE, back.code(), back::err);
    assertEquals("cuda:0", config(run).get("device").asText());
    assertEquals("tf32", config(run).get("precision").asText());
  }

  /** Whoever finds it first: the loss read beside the steps or a checkpoint. */
  @Test
  void divergenceIsOfItsStepWhoeverFindsIt() {
    String[] messages = new String[2];
    for (int i = 0; i < messages.length; i++) {
      Path run = folder.resolve("run" + i);
      List<String> arguments = new ArrayList<>(List.of("train", "--out", run.toString()));
      arguments.addAll(Cli.TINY);
      arguments.addAll(List.of("--data", "sample", "--train-limit", "400", "--device", "cuda"));
      arguments.addAll(List.of("--batch-size", "16", "--epochs", "1", "--deterministic"));
      arguments.addAll(List.of("--lr", "1e20", "--optimizer", "sgd"));
      arguments.addAll(List.of("--checkpoint-every", i == 0 ? "4" : "1000"));
      Cli.Result result = Cli.run(onStandIn(arguments));
      assertEquals(ExitCode.DIVERGED, result.code(), result::err);
      messages[i] = result.errLines().get(result.errLines().size() - 1);
    }
    assertEquals(messages[1], messages[0]);
  }

  @Test
  void aLostGpuEndsWithTheLastCheckpointAndExitCode4() throws IOException {
    Path whole = folder.resolve("whole");
    Cli.Result undisturbed = train(whole, "--deterministic");
    assertEquals(ExitCode.DONE, undisturbed.code(), undisturbed::err);
    long launches = StandIn.calls("cudaLaunchKernel");
    StandIn.faults("cudaLaunchKernel@" + launches * 6 / 10 + "=700!");
    Path run = folder.resolve("run");
    Cli.Result lost = train(run, "--deterministic");
    assertEquals(ExitCode.DEVICE_LOST, lost.code(), lost::err);
    List<String> lines = lost.errLines();
    String checkpoint = lines.get(lines.size() - 3);
    assertTrue(checkpoint.startsWith("the last checkpoint is " + run), lost::err);
    Path model = Path.of(checkpoint.split(" ")[4].replaceFirst(":$", ""));
    assertTrue(Files.isRegularFile(model), checkpoint);
    assertEquals(
        "go on with: ./vgg train --resume "
            + run
            + " --cuda-libs "
            + CudaUnderTest.libraries().get(0),
        lines.get(lines.size() - 2));
    assertTrue(lines.get(lines.size() - 1).contains("restart it"), lost::err);
    StandIn.reset();
    Cli.Result resumed = resume(run);
    assertEquals(ExitCode.DONE, resumed.code(), resumed::err);
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(run.resolve("model.safetensors")));
    assertEquals(TinyRun.metrics(whole), TinyRun.metrics(run));
  }

  @Test
  void tooLittleMemoryIsOneLineAndTheProcessGoesOn() {
    StandIn.capacity(516L << 20); // little more than what CUDA may take for itself
    Path run = folder.resolve("run");
    String line = Cli.refused(train(run));
    assertTrue(line.contains("MiB needed") && line.contains("smaller --batch-size"), line);
    assertFalse(Files.exists(run));
    StandIn.capacity(StandIn.BYTES);
    assertEquals(ExitCode.DONE, train(run).code());
  }

  /** Convolutions in a row, so that one reads nothing but a batch norm's output. */
  @Test
  void bf16WithNormsComputedAgainIsTrainedResumedAndEvaluated() throws IOException {
    Path run = folder.resolve("run");
    List<String> arguments = new ArrayList<>(List.of("train", "--out", run.toString()));
    arguments.addAll(List.of("--layers", "256,384,M,384,M", "--width", "1/64"));
    arguments.addAll(List.of("--image-size", "8", "--data", "sample", "--train-limit", "200"));
    arguments.addAll(List.of("--test-limit", "50", "--device", "cuda", "--batch-size", "16"));
    arguments.addAll(List.of("--epochs", "2", "--checkpoint-every", "4"));
    arguments.addAll(List.of("--workspace-limit", "16M", "--precision", "bf16"));
    arguments.addAll(List.of("--activations", "recompute"));
    Cli.Result first = Cli.run(onStandIn(arguments));
    assertEquals(ExitCode.DONE, first.code(), first::err);
    assertEquals("bf16", config(run).get("precision").asText());
    assertEquals("recompute", config(run).get("activations").asText());
    JsonNode chosen = config(run).get("choices");
    assertTrue(chosen.toString().contains("norm forward bf16"), chosen::toPrettyString);
    forgetNewest(run, 2);
    Cli.Result second = resume(run);
    assertEquals(ExitCode.DONE, second.code(), second::err);
    assertEquals(chosen, choicesAtTheStart(run));
    String model = run.resolve("model.safetensors").toString();
    Cli.Result onCpu = Cli.run("evaluate", model, "--data", "sample", "--device", "cpu");
    assertEquals(ExitCode.DONE, onCpu.code(), onCpu::err);
  }

  /** The bits are the same, so a run may change at any time. */
  @Test
  void stepsCallByCallOrAsGraphs() throws IOException {
    Path run = folder.resolve("run");
    Cli.Result first = train(run, "--no-graph", "--deterministic");
    assertEquals(ExitCode.DONE, first.code(), first::err);
    assertFalse(config(run).get("graph").asBoolean(true));
    assertEquals(0, StandIn.calls("cudaGraphLaunch"));
    byte[] expected = Files.readAllBytes(run.resolve("model.safetensors"));
    forgetNewest(run, 2);
    Cli.Result second = Cli.run(onStandIn(List.of("train", "--resume", run.toString(), "--graph")));
    assertEquals(ExitCode.DONE, second.code(), second::err);
    assertTrue(config(run).get("graph").asBoolean(false));
    assertArrayEquals(expected, Files.readAllBytes(run.resolve("model.safetensors")));
  }

  @Test
  void precisionsAndActivationsThatThereAreNot() {
    Path run = folder.resolve("run");
    String line = Cli.refused(train(run, "--precision", "half"));
    assertEquals("vgg: --precision must be one of fp32, tf32, bf16, not half", line);
    line = Cli.refused(train(run, "--activations", "sometimes"));
    assertEquals("vgg: --activations must be one of auto, keep, recompute, not sometimes", line);
    assertFalse(Files.exists(run));
  }

  @Test
  void trainedNetsAreEvaluatedOnEitherEngine() throws IOException {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.DONE, train(run, "--deterministic").code());
    List<String> evaluate =
        List.of("evaluate", run.resolve("model.safetensors").toString(), "--data", "sample");
    List<String> onGpu = new ArrayList<>(evaluate);
    onGpu.addAll(List.of("--device", "cuda", "--deterministic"));
    List<String> onCpu = new ArrayList<>(evaluate);
    onCpu.addAll(List.of("--device", "cpu"));
    Cli.Result gpu = Cli.run(onStandIn(onGpu));
    assertEquals(ExitCode.DONE, gpu.code(), gpu::err);
    assertEquals(Cli.run(onCpu.toArray(String[]::new)).out(), gpu.out());
  }

  @Test
  void doctorNamesLibrariesWithTheirVersions() throws IOException {
    Cli.Result doctor = Cli.run(onStandIn(List.of("doctor", "--json", "--device", "cuda:0")));
    assertEquals(ExitCode.DONE, doctor.code(), doctor::out);
    JsonNode cuda = JSON.readTree(doctor.out()).get("cuda");
    assertTrue(cuda.get("usable").asBoolean());
    assertEquals(11, cuda.get("libraries").size());
    for (JsonNode library : cuda.get("libraries")) {
      assertTrue(library.get("version").asText().matches(".*\\d+\\.\\d+.*"), library::toString);
      assertTrue(Files.isRegularFile(Path.of(library.get("file").asText())), library::toString);
    }
    assertTrue(cuda.get("GPUs").get(0).get("name").asText().contains("no GPU"), cuda::toString);
  }
}
