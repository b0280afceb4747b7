package org.vgg4j.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory this process may still take on the host, and what limits it: the machine, or a
 * Linux control group such as a container's, which kills a process that takes more.
 *
 * @param freeBytes what may still be taken
 * @param limit what says so, for a person: this machine's memory
 */
public record HostMemory(long freeBytes, String limit) {
  /** The files of control group version 1, whose limits are numbers only. */
  private static final Version V1 =
      new Version(
          "cgroup",
          List.of("memory.limit_in_bytes"),
          "memory.usage_in_bytes",
          List.of("total_inactive_file ", "total_active_file "));

  /** Those of version 2; a process above {@code memory.high} is slowed down until it stands. */
  private static final Version V2 =
      new Version(
          "cgroup2",
          List.of("memory.max", "memory.high"),
          "memory.current",
          List.of("inactive_file ", "active_file "));

  /**
   * The names of a version.
   *
   * @param type of its file system
   * @param limits the files of limits
   * @param usage the file of what is taken
   * @param cache the beginnings of the lines in memory.stat of what is given back on demand
   */
  private record Version(String type, List<String> limits, String usage, List<String> cache) {}

  /**
   * Returns the memory of this process now.
   *
   * @param machineBytes what is free on the machine
   */
  public static HostMemory now(long machineBytes) {
    return read(Path.of("/"), machineBytes);
  }

  /**
   * Returns the memory that the files below a folder tell of.
   *
   * @param root where proc and sys are
   * @param machineBytes what is free on the machine
   */
  public static HostMemory read(Path root, long machineBytes) {
    HostMemory least = new HostMemory(Math.max(0, machineBytes), "this machine's memory");
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      String[] parts = line.split(":", 3); // number:controllers:path
      if (parts.length < 3) {
        continue;
      }
      if (List.of(parts[1].split(",")).contains("memory")) {
        least = groups(root, V1, parts[2], least);
      } else if (parts[0].equals("0") && parts[1].isEmpty()) {
        least = groups(root, V2, parts[2], least);
      }
    }
    return least;
  }

  /** Looks at a group and at all above it, whose limits hold too. */
  private static HostMemory groups(Path root, Version version, String path, HostMemory least) {
    for (String line : lines(root.resolve("proc/self/mountinfo"))) {
      // number parent device root point options ... - type source superoptions
      String[] fields = line.split(" ");
      int dash = List.of(fields).indexOf("-");
      if (dash < 5 || dash + 3 >= fields.length || !fields[dash + 1].equals(version.type)) {
        continue;
      }
      if (version.equals(V1) && !List.of(fields[dash + 3].split(",")).contains("memory")) {
        continue;
      }
      Path point = below(root, fields[4]);
      // A container may see its group at the mount point under the host's path.
      String inside = fields[3].equals("/") ? path : after(fields[3], path);
      Path group = below(point, inside).normalize();
      if (!group.startsWith(point) || !Files.isDirectory(group)) {
        group = point;
      }
      HostMemory found = least;
      for (; group.startsWith(point); group = group.getParent()) {
        found = group(root, version, group, found);
      }
      return found;
    }
    return least;
  }

  private static String after(String start, String path) {
    return path.startsWith(start) ? path.substring(start.length()) : "";
  }

  private static Path below(Path folder, String absolute) {
    return folder.resolve(absolute.replaceFirst("^/+", ""));
  }

  private static HostMemory group(Path root, Version version, Path group, HostMemory least) {
    HostMemory found = least;
    long used = number(group.resolve(version.usage));
    for (String name : version.limits) {
      long limit = number(group.resolve(name));
      if (limit < 0 || used < 0) {
        continue; // none, or "max"
      }
      long free = Math.max(0, limit - Math.max(0, used - cache(version, group)));
      if (free < found.freeBytes) {
        String file = "/" + root.relativize(group.resolve(name));
        found =
            new HostMemory(
                free, "the container's limit of %d MiB (%s)".formatted(limit >> 20, file));
      }
    }
    return found;
  }

  /** Returns the bytes of cached files, which the system gives up first. */
  private static long cache(Version version, Path group) {
    long bytes = 0;
    for (String line : lines(group.resolve("memory.stat"))) {
      for (String start : version.cache) {
        if (line.startsWith(start)) {
          bytes += Math.max(0, number(line.substring(start.length())));
        }
      }
    }
    return bytes;
  }

  private static long number(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? -1 : number(lines.get(0));
  }

  private static long number(String text) {
    return text.strip().matches("\\d{1,18}|[1-8]\\d{18}") ? Long.parseLong(text.strip()) : -1;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // another system, or a group without this file
    }
  }
}
