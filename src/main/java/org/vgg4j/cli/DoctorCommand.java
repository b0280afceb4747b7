package org.vgg4j.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.EngineReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./vgg doctor}. Exits with 0 when a training with the same flags would work, else with 1:
 * without flags on any machine whose CPU engine loads, with {@code --device cuda} only where the
 * GPU engine works.
 */
@Command(
    name = "doctor",
    description = {
      "Says what this machine can train on: GPUs, CUDA's libraries and where they lie, the CPU.",
      "Exits with 0 when a training with the same flags would work, else with 1."
    },
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class DoctorCommand implements Callable<Integer> {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Spec private CommandSpec spec;
  @Mixin private DeviceOptions device;

  @Option(names = "--json", description = "One JSON object instead of text.")
  private boolean json;

  @Override
  public Integer call() throws JsonProcessingException {
    PrintWriter out = spec.commandLine().getOut();
    EngineOptions options = device.options();
    List<EngineReport> reports = Backends.reports(options);
    String chosen = chosen(reports, options.device());
    if (json) {
      out.println(JSON.writeValueAsString(map(reports, chosen)));
    } else {
      reports.forEach(report -> print(report, out));
      out.println(
          chosen == null
              ? "training would not work with these flags"
              : "training would work, on the " + chosen + " engine");
    }
    out.flush();
    return chosen == null ? ExitCode.CHECK_FAILED : ExitCode.DONE;
  }

  /** Returns the engine that a training with these flags would take, null for none. */
  private static String chosen(List<EngineReport> reports, String device) {
    if (device.equals("reference")) {
      return "reference";
    }
    for (EngineReport report : reports) { // in the order in which auto tries them
      boolean isCandidate =
          device.equals("auto") || Backends.engine(device).equals(report.device());
      if (isCandidate && report.usable()) {
        return report.device();
      }
    }
    return null;
  }

  private static Map<String, Object> map(List<EngineReport> reports, String chosen) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("vgg4j", Settings.version());
    map.put("java", System.getProperty("java.version"));
    map.put("trainingWorks", chosen != null);
    map.put("device", chosen);
    for (EngineReport report : reports) {
      Map<String, Object> engine = new LinkedHashMap<>();
      engine.put("usable", report.usable());
      engine.put("problem", Failures.withFlags(report.problem()));
      engine.putAll(report.facts());
      map.put(report.device(), engine);
    }
    return map;
  }

  private static void print(EngineReport report, PrintWriter out) {
    out.println(report.device() + ": " + (report.usable() ? "usable" : "not usable"));
    if (!report.usable()) {
      out.println("  " + Failures.withFlags(report.problem()));
    }
    report.facts().forEach((name, value) -> print("  ", name, value, out));
    out.println();
  }

  private static void print(String indent, String name, Object value, PrintWriter out) {
    if (value instanceof List<?> rows) {
      out.println(indent + name + ":" + (rows.isEmpty() ? " none" : ""));
      rows.forEach(row -> out.println(indent + "  " + text(row)));
    } else {
      out.println(indent + name + ": " + value);
    }
  }

  /** Returns a row's first value, and behind it the others with their names. */
  private static String text(Object row) {
    if (!(row instanceof Map<?, ?> map)) {
      return String.valueOf(row);
    }
    StringBuilder text = new StringBuilder();
    map.forEach(
        (name, value) -> {
          if (value != null) { // what is not known is null in JSON
            text.append(text.isEmpty() ? value : ", " + name + " " + value);
          }
        });
    return text.toString();
  }
}
