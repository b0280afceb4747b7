package org.vgg4j.backend.cuda.libraries;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.backend.cuda.calls.CublasLtCalls;
import org.vgg4j.backend.cuda.calls.CudaCalls;
import org.vgg4j.backend.cuda.calls.CudaStatus;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.backend.cuda.calls.NcclCalls;
import org.vgg4j.backend.cuda.calls.NvrtcCalls;
import org.vgg4j.backend.cuda.calls.Versions;

/** The versions of the libraries, as each reports itself, or from its file name. */
public final class LibraryVersions {
  private static final Path DRIVER = Path.of("/sys/module/nvidia/version");
  private static final Pattern IN_NAME = Pattern.compile("\\.so\\.(\\d+(?:\\.\\d+)+)$");

  private final Map<String, String> versions = new HashMap<>();

  private LibraryVersions() {}

  /** Returns the versions that file names alone give. */
  public static LibraryVersions ofFiles() {
    return new LibraryVersions();
  }

  /** Asks the loaded libraries for their versions. */
  public static LibraryVersions ofLoaded(CudaStatus status) {
    LibraryVersions all = new LibraryVersions();
    CudaCalls cuda = new CudaCalls(status);
    all.put(
        "NVIDIA driver",
        driver() + "for CUDA " + Versions.cuda(cuda.cudaDriverGetVersion()) + " and older");
    all.put("CUDA runtime", Versions.cuda(cuda.cudaRuntimeGetVersion()));
    all.put("NVRTC", Versions.cuda(new NvrtcCalls(status).nvrtcVersion()));
    all.put("cuBLASLt", Versions.library(CublasLtCalls.cublasLtGetVersion()));
    String cudnn = Versions.library(CudnnCalls.cudnnGetVersion());
    all.put("cuDNN", cudnn);
    all.put("cuBLAS", CublasLtCalls.cublasVersion(status));
    CudnnCalls.requireOneVersion(status);
    for (String part : new String[] {"graph", "ops", "cnn", "adv"}) {
      all.put("cuDNN " + part, cudnn);
    }
    CudaLibraries.ncclIfUsable()
        .forEach(
            (library, file) ->
                all.put(library.name(), Versions.library(NcclCalls.ncclGetVersion())));
    return all;
  }

  private void put(String library, String version) {
    versions.put(library, version);
  }

  /** Returns the driver's version and a comma; empty if the system does not report it. */
  private static String driver() {
    try {
      return Files.readString(DRIVER).strip() + ", ";
    } catch (IOException e) {
      return "";
    }
  }

  /** Returns the version of a library in a file, or null if unknown. */
  public String of(CudaLibrary library, Path file) {
    String version = versions.get(library.name());
    if (version != null) {
      return version;
    }
    try {
      Matcher name = IN_NAME.matcher(file.toRealPath().getFileName().toString());
      return name.find() ? name.group(1) : null;
    } catch (IOException e) {
      return null;
    }
  }
}
