package org.vgg4j.tensor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Choices on disk that were timed, one per line: the problem, a tab, the choice. Each change
 * rewrites the file atomically.
 */
public final class ChoiceCache {
  private static final Logger LOG = LoggerFactory.getLogger(ChoiceCache.class);

  private final Path file; // null keeps nothing
  private final Map<String, String> lines = new TreeMap<>();

  /** Opens a cache, an empty one that keeps nothing if the file is null. */
  public ChoiceCache(Path file) {
    this.file = file;
    read();
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
      LOG.warn("{} cannot be read ({}); timing again", file, e.toString());
    }
  }

  /** Returns a choice, or null. */
  public String get(String problem) {
    return lines.get(problem);
  }

  /** Stores a choice and keeps those that other processes have written meanwhile. */
  public void put(String problem, String choice) {
    if (file == null) {
      return;
    }
    read();
    lines.put(problem, choice);
    StringBuilder text = new StringBuilder();
    lines.forEach((key, value) -> text.append(key).append('\t').append(value).append('\n'));
    try {
      WholeFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.warn("{} cannot be written ({}); the next run will time again", file, e.toString());
    }
  }
}
