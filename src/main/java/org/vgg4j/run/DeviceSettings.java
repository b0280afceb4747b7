package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Form.BYTES;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.TEXT;
import static org.vgg4j.run.Setting.Form.TRUTH;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.run.Setting.Form;

/** The settings of the engine. */
final class DeviceSettings {
  static final List<Setting<RunSetup, ?>> ALL = new ArrayList<>();

  /** The engine's name; the flag takes auto, too. */
  static final Setting<RunSetup, String> DEVICE =
      run("device", TEXT, RunSetup::device)
          .flag(
              "--device NAME",
              "What computes: auto (cuda if usable, else cpu), cuda (cuda:1 is the second GPU), cpu"
                  + " or reference",
              "auto")
          .in(ALL, ALWAYS);

  static final Setting<RunSetup, String> VARIANT =
      run("variant", TEXT, setup -> setup.engine().variant()).changedBy(DEVICE).in(ALL, ALWAYS);

  /** The precision of products, none on the reference engine. */
  static final Setting<RunSetup, String> PRECISION =
      run("precision", TEXT, setup -> Backends.precision(setup.backend().name(), setup.engine()))
          .flag(
              "--precision NAME",
              "fp32 (strict), bf16 (faster; activations take half the memory) or, on the GPU, tf32"
                  + " (products on tensor cores)",
              "tf32 on the GPU, fp32 on the CPU and with --deterministic")
          .changedBy(DEVICE)
          .in(ALL, ALWAYS);

  static final Setting<RunSetup, Boolean> EMULATE_BF16 =
      run("emulateBf16", TRUTH, setup -> setup.engine().emulateBf16() ? true : null)
          .flag(
              "--emulate-bf16",
              "Let --precision bf16 run, slowly, on a CPU that has no instructions for it",
              "false")
          .orElse(false)
          .in(ALL, ALWAYS);

  /** What becomes of a batch norm's output on the GPU, none on another engine. */
  static final Setting<RunSetup, String> ACTIVATIONS =
      run("activations", TEXT, setup -> setup.onGpu(Backends::activations))
          .flag(
              "--activations NAME",
              "Outputs of batch norms on the GPU: keep, recompute (takes less memory) or auto"
                  + " (whichever is faster; keep with --deterministic)",
              "auto")
          .changedBy(DEVICE)
          .in(ALL, ALWAYS);

  static final Setting<RunSetup, Boolean> GRAPH =
      run("graph", TRUTH, setup -> setup.onGpu(Backends::graph))
          .flag("--graph", "Run a training step on the GPU as one CUDA graph", "true")
          .orElse(true)
          .changedBy(DEVICE)
          .in(ALL, ALWAYS);

  static final Setting<RunSetup, Boolean> DETERMINISTIC =
      run("deterministic", TRUTH, setup -> setup.engine().deterministic())
          .flag(
              "--deterministic",
              "Equal runs end with equal bits on the GPU too, by fixed plans; on the CPU they"
                  + " always do",
              "false")
          .in(ALL, ALWAYS);

  /** The bytes of GPU memory that a convolution may work in, none on another engine. */
  static final Setting<RunSetup, Long> WORKSPACE_LIMIT =
      run("workspaceLimit", BYTES, setup -> setup.onGpu(EngineOptions::workspaceLimit))
          .flag(
              "--workspace-limit SIZE",
              "GPU memory that a convolution may work in, such as 512M",
              "a twelfth of the GPU's, at least 1G")
          .changedBy(DEVICE)
          .in(ALL, ALWAYS);

  static final Setting<RunSetup, Integer> THREADS =
      run("threads", COUNT, setup -> setup.engine().threads())
          .flag(
              "--threads N",
              "Threads of the CPU engine",
              "OMP_NUM_THREADS, or one for each processor")
          .in(ALL, ALWAYS);

  private DeviceSettings() {}

  private static <T> Setting<RunSetup, T> run(
      String key, Form<T> form, Function<RunSetup, T> reader) {
    return Setting.of(key, form, reader);
  }
}
