package org.vgg4j.backend.cuda.operations;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.GpuInfo;
import org.vgg4j.backend.cuda.kernels.CacheFolder;

/**
 * Measured algorithms on disk, one per line: the problem, a tab, the choice. There is one file per
 * GPU model, cuDNN version, precision and workspace limit; each change rewrites it atomically.
 */
final class AlgorithmCache {
  private static final Logger LOG = LoggerFactory.getLogger(AlgorithmCache.class);

  private final Path file; // null keeps nothing
  private final Map<String, String> lines = new TreeMap<>();

  private AlgorithmCache(Path file) {
    this.file = file;
    read();
  }

  /** Opens the cache in a folder, or an empty one if the folder is null. */
  static AlgorithmCache of(Path folder, GpuInfo gpu, long cudnnVersion, AlgorithmPolicy policy) {
    if (folder == null) {
      return new AlgorithmCache(null);
    }
    String model = gpu.name().replaceAll("[^A-Za-z0-9]+", "-");
    String name =
        "convolutions-%s-cudnn%d-%s-%d.txt"
            .formatted(
                model, cudnnVersion, policy.strict() ? "fp32" : "tf32", policy.workspaceLimit());
    return new AlgorithmCache(folder.resolve(name));
  }

  private void read() {
    if (file == null || !Files.isRegularFile(file)) {
      return;
    }
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        int tab = line.indexOf('\t');
        if (tab > 0) {
          lines.put(line.substring(0, tab), line.substring(tab + 1));
        }
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be read ({}); measuring the algorithms again", file, e.toString());
    }
  }

  /** Returns a choice, or null. */
  String get(String problem) {
    return lines.get(problem);
  }

  /** Stores a choice and keeps those that other processes have written meanwhile. */
  void put(String problem, String choice) {
    if (file == null) {
      return;
    }
    read();
    lines.put(problem, choice);
    StringBuilder text = new StringBuilder();
    lines.forEach((key, value) -> text.append(key).append('\t').append(value).append('\n'));
    try {
      CacheFolder.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.warn("{} cannot be written ({}); the next run will measure again", file, e.toString());
    }
  }
}
