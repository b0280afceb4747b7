package org.vgg4j.backend.cuda.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.CudaStatus;
import org.vgg4j.backend.cuda.calls.GpuInfo;
import org.vgg4j.backend.cuda.calls.NvrtcCalls;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.WholeFile;

/**
 * Compiled kernels.
 *
 * @param bytes a fatbin or a cubin
 * @param origin where they come from, for messages
 */
public record KernelImage(byte[] bytes, String origin) {
  private static final Logger LOG = LoggerFactory.getLogger(KernelImage.class);

  /** Returns the kernels that the build compiled; null if it had no nvcc or different sources. */
  public static KernelImage ofBuild() {
    byte[] fatbin = KernelSources.fatbin(KernelSources.hash(KernelSources.text()));
    return fatbin == null ? null : new KernelImage(fatbin, "compiled by nvcc, in the jar");
  }

  /**
   * Returns the kernels compiled for this GPU by NVRTC, now or in an earlier run.
   *
   * @param cache where to keep compiled kernels, or null
   */
  static KernelImage compiled(CudaStatus status, GpuInfo gpu, Path cache) {
    String text = KernelSources.text();
    String hash = KernelSources.hash(text);
    NvrtcCalls nvrtc = new NvrtcCalls(status);
    String name =
        "kernels-" + hash.substring(0, 16) + "-" + gpu.architecture() + "-" + nvrtc.nvrtcVersion();
    Path file = cache == null ? null : cache.resolve(name + ".cubin");
    byte[] cubin = read(file);
    if (cubin != null) {
      return new KernelImage(cubin, "compiled by NVRTC, from " + file);
    }
    try (Closing made = new Closing()) {
      _nvrtcProgram program = nvrtc.nvrtcCreateProgram(text, "vgg4j_kernels.cu");
      made.own(() -> nvrtc.nvrtcDestroyProgram(program));
      nvrtc.nvrtcCompileProgram(
          program, List.of("--gpu-architecture=" + gpu.architecture(), "--std=c++17"));
      cubin = nvrtc.nvrtcGetCubin(program);
    }
    write(file, cubin);
    return new KernelImage(cubin, "compiled by NVRTC just now");
  }

  private static byte[] read(Path file) {
    if (file == null || !Files.isRegularFile(file)) {
      return null;
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be read ({}); compiling the kernels again", file, e.toString());
      return null;
    }
  }

  private static void write(Path file, byte[] cubin) {
    if (file == null) {
      return;
    }
    try {
      WholeFile.write(file, cubin);
    } catch (IOException e) {
      LOG.warn("{} cannot be written ({}); the next run will compile again", file, e.toString());
    }
  }
}
