package org.vgg4j.backend.cuda.graph;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.kernels.CacheFolder;

/**
 * Choices on disk that were timed, one per line: the problem, a tab, the choice. There is one file
 * per GPU model, cuDNN version, precision and workspace limit; each change rewrites it atomically.
 */
final class PlanCache {
  private static final Logger LOG = LoggerFactory.getLogger(PlanCache.class);

  private final Path file; // null keeps nothing
  private final Map<String, String> lines = new TreeMap<>();

  private PlanCache(Path file) {
    this.file = file;
    read();
  }

  /** Opens the cache in a folder, or an empty one if the folder is null. */
  static PlanCache of(Path folder, String gpu, long cudnnVersion, PlanPolicy policy) {
    if (folder == null) {
      return new PlanCache(null);
    }
    String name =
        "convolution-plans-%s-cudnn%d-%s-%d.txt"
            .formatted(
                gpu.replaceAll("[^A-Za-z0-9]+", "-"),
                cudnnVersion,
                policy.strict() ? "fp32" : "tf32",
                policy.workspaceLimit());
    return new PlanCache(folder.resolve(name));
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
      LOG.warn("{} cannot be read ({}); timing the plans again", file, e.toString());
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
      LOG.warn("{} cannot be written ({}); the next run will time again", file, e.toString());
    }
  }
}
