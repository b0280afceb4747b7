package org.vgg4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.profile.CeilingMeasurement;
import org.vgg4j.profile.Ceilings;
import org.vgg4j.run.ImageTraits;
import org.vgg4j.run.ProcessMemory;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.run.StartingWeights;
import org.vgg4j.run.StepBenchmark;
import org.vgg4j.run.StepBenchmark.Pace;
import org.vgg4j.run.StepBenchmark.Result;
import org.vgg4j.run.StepBenchmark.Window;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./vgg benchmark}. */
@Command(
    name = "benchmark",
    description =
        "Times training steps on random images: the median, slowest and fastest of several windows"
            + " of steps.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class BenchmarkCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec spec;

  @Mixin
  final CommandSpec flags =
      SettingFlags.of(Settings.ofRecipe().stream().filter(s -> !s.key().equals("warmUp")).toList());

  @Mixin final CommandSpec dataFlags = SettingFlags.of(Settings.of("data"));
  @Mixin private DeviceOptions device;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "10",
      description = "Steps before the first window (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "20",
      description = "Steps in a window (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "5",
      description = "Windows (default: ${DEFAULT-VALUE}).")
  private int repeats;

  @Option(
      names = "--inference",
      description = "Times forward passes of a net for inference instead of training steps.")
  private boolean inference;

  @Option(
      names = "--on-request",
      description = {
        "Begins a window for each line on standard input, at most --repeats, and prints its images"
            + " per second: to time programs in turn.",
        "Prints 'ready' when the first may begin, and the results at the end of the input."
      })
  private boolean onRequest;

  @Option(
      names = "--ceilings",
      description =
          "Only measure what the engine does at most: bytes read and written by a pass over much"
              + " memory, and multiply-adds of a large matrix product, in its precision.")
  private boolean ceilings;

  @Option(names = "--json", description = "One line of JSON instead of text.")
  private boolean json;

  @Override
  public Integer call() throws JsonProcessingException {
    StepBenchmark benchmark = new StepBenchmark(warmUp, steps, repeats);
    Map<String, String> given = SettingFlags.given(spec);
    ImageTraits traits = DataOptions.traits(given, spec.commandLine().getErr());
    Recipe recipe = Settings.recipe(Recipe.quick(), given, traits, StartingWeights.NONE);
    Map<String, Object> result = new LinkedHashMap<>();
    PrintWriter out = spec.commandLine().getOut();
    try (Backend backend = device.open()) {
      result.put("engine", backend.description());
      if (ceilings) {
        Ceilings most = CeilingMeasurement.of(backend);
        result.put("gb_per_second", round(most.bytesPerSecond() / 1e9));
        result.put("tflop_per_second", round(2 * most.multiplyAddsPerSecond() / 1e12));
      } else {
        double images = StepBenchmark.imagesOfStep(recipe) * (double) steps;
        Pace pace = onRequest ? new RequestedWindows(System.in, out, images) : Pace.STEADY;
        Result measured =
            inference
                ? benchmark.runForward(recipe, backend, pace)
                : benchmark.run(recipe, backend, pace);
        add(recipe, measured, result);
      }
    }
    if (json) {
      out.println(JSON.writeValueAsString(result));
    } else {
      result.forEach((name, value) -> out.println(name.replace('_', ' ') + ": " + value));
    }
    out.flush();
    return ExitCode.DONE;
  }

  private void add(Recipe recipe, Result measured, Map<String, Object> result) {
    List<Window> windows = measured.windows();
    if (windows.isEmpty()) {
      throw new InvalidInputException(
          "no window: standard input ended before its first line, and --on-request wants one for"
              + " each");
    }
    int images = StepBenchmark.imagesOfStep(recipe);
    double[] rates =
        windows.stream()
            .mapToDouble(window -> images * (double) steps / window.seconds())
            .sorted()
            .toArray();
    double median = rates[rates.length / 2];
    result.put("batch", images);
    result.put("width", recipe.net().width().toString());
    result.put("image_size", recipe.net().imageSize());
    result.put("images_per_second", round(median));
    result.put("min", round(rates[0]));
    result.put("max", round(rates[rates.length - 1]));
    result.put("ms_per_step", round(images * 1e3 / median));
    result.put("windows", Arrays.stream(rates).map(BenchmarkCommand::round).boxed().toList());
    result.put("free_bytes", windows.stream().map(Window::freeBytes).toList());
    result.put("process_bytes", windows.stream().map(Window::processBytes).toList());
    result.put("planned_bytes", measured.plannedBytes());
    result.put("expected_process_bytes", measured.expectedBytes());
    result.put("peak_process_bytes", ProcessMemory.peak());
  }

  private static double round(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
