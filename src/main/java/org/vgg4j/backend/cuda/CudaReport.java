package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.backend.cuda.calls.CudaCalls;
import org.vgg4j.backend.cuda.calls.CudaStatus;
import org.vgg4j.backend.cuda.calls.GpuInfo;
import org.vgg4j.backend.cuda.kernels.KernelImage;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.backend.cuda.libraries.CudaLibrary;
import org.vgg4j.backend.cuda.libraries.LibraryPlaces;
import org.vgg4j.backend.cuda.libraries.LibraryVersions;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.EngineReport;
import org.vgg4j.tensor.MemoryUse;

/** Reports what the GPU engine finds on this machine. */
public final class CudaReport {
  private CudaReport() {}

  /** Looks for libraries, driver and GPUs and runs a small computation; never throws. */
  public static EngineReport of(CudaOptions options) {
    Map<String, Object> facts = new LinkedHashMap<>();
    try {
      facts.put("kernels in the jar", kernels());
      facts.put("libraries", libraries(options, LibraryVersions.ofFiles()));
      CudaLibraries.load(options.libraries());
      CudaStatus status = new CudaStatus();
      facts.put("libraries", libraries(options, LibraryVersions.ofLoaded(status)));
      facts.put("GPUs", gpus(new CudaCalls(status)));
      try (CudaBackend backend = new CudaBackend(options)) {
        facts.put("kernels", backend.kernels());
        facts.put("precision", options.precision().text());
        facts.put("memory for a net", mebibytes(backend.availableBytes()));
        SelfCheck.run(backend);
        facts.put("memory of the engine itself", rows(backend.memory()));
      }
      return new EngineReport("cuda", true, null, facts);
    } catch (RuntimeException | LinkageError e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return new EngineReport("cuda", false, message, facts);
    }
  }

  private static List<Map<String, Object>> rows(MemoryUse use) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (MemoryUse.Owner owner : use.owners()) {
      if (owner.bytes() > 0) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("owner", owner.name());
        row.put("space", owner.space().text());
        row.put("bytes", owner.bytes());
        rows.add(row);
      }
    }
    return rows;
  }

  private static String kernels() {
    return KernelImage.ofBuild() == null
        ? "as sources, which NVRTC compiles at the first use"
        : "compiled by nvcc, and as sources";
  }

  private static List<Map<String, Object>> libraries(
      CudaOptions options, LibraryVersions versions) {
    Map<CudaLibrary, Path> files;
    try {
      files = new LinkedHashMap<>(CudaLibraries.load(options.libraries()));
      files.putAll(CudaLibraries.ncclIfUsable());
    } catch (DeviceUnavailableException e) {
      files = CudaLibraries.survey(LibraryPlaces.of(options.libraries(), System::getenv));
    }
    List<Map<String, Object>> rows = new ArrayList<>();
    for (CudaLibrary library : CudaLibrary.all()) {
      Path file = files.get(library);
      boolean isForSeveral = library.isForSeveralGpus();
      if (file != null || library.required() || isForSeveral) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", library.name());
        if (file != null) {
          row.put("version", versions.of(library, file));
        }
        String missing =
            "not found ("
                + library.file()
                + (isForSeveral ? ", which only several GPUs need)" : ")");
        row.put("file", file == null ? missing : file.toString());
        rows.add(row);
      }
    }
    return rows;
  }

  private static List<Map<String, Object>> gpus(CudaCalls cuda) {
    List<Map<String, Object>> rows = new ArrayList<>();
    int count = GpuInfo.count(cuda);
    for (int index = 0; index < count; index++) {
      GpuInfo gpu = GpuInfo.of(cuda, index);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("name", gpu.name());
      row.put("compute capability", gpu.major() + "." + gpu.minor());
      row.put("multiprocessors", gpu.multiprocessors());
      row.put("memory", mebibytes(gpu.memoryBytes()));
      row.put("supported", gpu.isSupported());
      rows.add(row);
    }
    return rows;
  }

  private static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
