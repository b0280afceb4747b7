package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.backend.cuda.calls.Versions;
import org.vgg4j.backend.cuda.graph.CudnnUnderTest.Mode;
import org.vgg4j.nn.Width;
import org.vgg4j.tensor.DType;

/** Writes benchmarks/results/cudnn-plans.md: what the real cuDNN plans for each layer of VGG16. */
@OnCudnn
@EnabledIfSystemProperty(named = "vgg4j.cudnn.table", matches = ".+")
final class CudnnTableTest {
  private static final int BATCH = 64;
  private static final int LARGE_BATCH = 1024;
  private static final double MIB = 1 << 20;

  private static final List<ConvOperation> ALONE =
      List.of(ConvOperation.FORWARD, ConvOperation.DATA, ConvOperation.FILTER);

  private static final List<ConvOperation> FUSED =
      List.of(
          ConvOperation.FORWARD_BIAS_RELU,
          ConvOperation.FORWARD_STATISTICS,
          ConvOperation.NORM_FORWARD,
          ConvOperation.NORM_FORWARD_STATISTICS);

  private static final List<ConvShape> FUSED_SHAPES =
      List.of(
          new ConvShape(BATCH, 64, 224, 224, 64, 3, 1),
          new ConvShape(BATCH, 256, 56, 56, 256, 3, 1),
          new ConvShape(BATCH, 512, 14, 14, 512, 3, 1));

  private final StringBuilder page = new StringBuilder();
  private final List<DeviceDescription> devices =
      DeviceDescription.names().stream().map(DeviceDescription::of).toList();

  @BeforeAll
  static void load() {
    CudnnUnderTest.load();
  }

  @Test
  void table() throws IOException {
    head();
    for (String precision : List.of("bf16", "tf32", "fp32")) {
      DType type = new Mode(precision, false).type();
      title("VGG16 at 224 px, batch " + BATCH + ", " + precision);
      Set<ConvShape> shapes =
          CudnnUnderTest.shapes(
              List.of("vgg16"),
              List.of(224),
              List.of(Width.FULL),
              List.of(BATCH),
              CudnnUnderTest.stored(type));
      for (ConvOperation operation : ALONE) {
        for (ConvShape shape : shapes) {
          boolean isImage = shape.c() == CudnnUnderTest.stored(type);
          if (!(isImage && operation == ConvOperation.DATA)) {
            row(
                operation.text() + " " + layer(shape),
                device -> needed(device, precision, operation, shape));
          }
        }
      }
    }
    assertTrue(page.toString().contains(" T"), "no engine with tensor cores");
    fusions();
    images();
    large();
    Path file = Path.of(System.getProperty("vgg4j.cudnn.table"));
    Files.writeString(file, page);
    assertTrue(Files.size(file) > 10_000);
  }

  private void head() {
    page.append(
        """
        # What cuDNN plans for described GPUs

        %s, cuDNN %s, no GPU; nothing ran, so this says what exists and what memory it takes, not how fast it is. Written by

            mvn test -Dtest=CudnnTableTest -Dcuda.libraries=DIR -Dcudnn.table=benchmarks/results/cudnn-plans.md

        with DIR from the `pip install` of docs/gpu.md. The GPUs are those of `src/main/resources/org/vgg4j/backend/cuda/devices`; the plans are those that the engine would take without a timing: the first
        of cuDNN's list that the precision allows, within a twelfth of the GPU's memory, at least 1 GiB. Images and filters lie NHWC.

        A field: the engine's number, its notes, its workspace in MiB if it is 0.1 or more. Notes: T tensor cores, N nondeterministic, R partial
        sums in reduced precision, W Winograd, F FFT, C compiled when planned. `>` is followed by what `--deterministic` takes instead,
        where that differs. `-`: cuDNN offers nothing; the engine then runs the parts.

        cuDNN also offers the data gradient with the ReLU's behind it, compiled when planned, on all six GPUs (bf16 and TF32: engine 1 on
        an A100 and an RTX 4090, 9 on a B200, 4 on an H100 and an H200; 8 on a T4, and in fp32 everywhere); the engine does not use it,
        since on an H200 it was no faster than the two apart.

        """
            .formatted(
                LocalDate.now(ZoneOffset.UTC), Versions.library(CudnnCalls.cudnnGetVersion())));
  }

  private void title(String text) {
    page.append("\n## ").append(text).append("\n\n| layer |");
    devices.forEach(device -> page.append(' ').append(device.name()).append(" |"));
    page.append("\n|---|").append("---|".repeat(devices.size())).append('\n');
  }

  private void row(String name, Function<DeviceDescription, String> cell) {
    page.append("| ").append(name).append(" |");
    devices.forEach(device -> page.append(' ').append(cell.apply(device)).append(" |"));
    page.append('\n');
  }

  private static String layer(ConvShape shape) {
    return shape.c() + "->" + shape.k() + "@" + shape.h();
  }

  private static String cell(
      DeviceDescription device, String precision, ConvOperation operation, ConvShape shape) {
    Mode fast = new Mode(precision, false);
    if (fast.type() == DType.BF16 && device.bf16().isEmpty()) {
      return "";
    }
    String first = plan(device, fast, operation, shape);
    boolean isSame = !first.contains("N");
    String fixed = isSame ? first : plan(device, new Mode(precision, true), operation, shape);
    return isSame ? first : first + " > " + fixed;
  }

  /** A cell of a convolution that the engine cannot do without. */
  private static String needed(
      DeviceDescription device, String precision, ConvOperation operation, ConvShape shape) {
    String cell = cell(device, precision, operation, shape);
    boolean isEmpty = precision.equals("bf16") && device.bf16().isEmpty();
    boolean isRight = isEmpty ? cell.isEmpty() : cell.matches("\\d+( .*)?");
    assertTrue(isRight, () -> device.name() + " " + precision + " " + operation + ": " + cell);
    return cell;
  }

  private static String plan(
      DeviceDescription device, Mode mode, ConvOperation operation, ConvShape shape) {
    try (ConvPlans plans = mode.plans(device)) {
      ConvPlan plan = plans.planOrNull(new ConvProblem(operation, shape, mode.type()));
      if (plan == null) {
        return "-";
      }
      String notes = letters(plan.notes());
      double mib = plan.workspaceBytes() / MIB;
      return plan.engine()
          + (notes.isEmpty() ? "" : " " + notes)
          + (mib < 0.1 ? "" : mib < 10 ? " %.1f".formatted(mib) : " %.0f".formatted(mib));
    }
  }

  private static String letters(EngineNotes notes) {
    List<String> letters = new ArrayList<>();
    String text = notes.text();
    letters.add(notes.usesTensorCores() ? "T" : "");
    letters.add(notes.isNondeterministic() ? "N" : "");
    letters.add(notes.addsInLess() ? "R" : "");
    letters.add(text.contains("Winograd") ? "W" : "");
    letters.add(text.contains("FFT") ? "F" : "");
    letters.add(notes.isCompiledAtRunTime() ? "C" : "");
    return String.join("", letters);
  }

  private void fusions() {
    for (String precision : List.of("bf16", "tf32", "fp32")) {
      title("Fusions, batch " + BATCH + ", " + precision);
      for (ConvOperation operation : FUSED) {
        for (ConvShape shape : FUSED_SHAPES) {
          row(
              operation.text() + " " + layer(shape),
              device -> cell(device, precision, operation, shape));
        }
      }
    }
  }

  private void images() {
    for (String precision : List.of("bf16", "tf32", "fp32")) {
      title("The first layer by the channels in memory, batch " + BATCH + ", " + precision);
      for (ConvOperation operation : List.of(ConvOperation.FORWARD, ConvOperation.FILTER)) {
        for (int channels : new int[] {1, 3, 4, 8}) {
          ConvShape shape = new ConvShape(BATCH, channels, 224, 224, 64, 3, 1);
          row(
              operation.text() + " " + layer(shape),
              device -> cell(device, precision, operation, shape));
        }
      }
    }
  }

  private void large() {
    title("More than 2^31 elements: 64->64@224, batch " + LARGE_BATCH);
    ConvShape shape = new ConvShape(LARGE_BATCH, 64, 224, 224, 64, 3, 1);
    for (String precision : List.of("bf16", "tf32", "fp32")) {
      for (ConvOperation operation : ALONE) {
        row(
            precision + " " + operation.text(),
            device -> cell(device, precision, operation, shape));
      }
    }
  }
}
