package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.vgg4j.data.decoding.CacheList;
import org.vgg4j.data.decoding.CacheOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./vgg cache}. */
@Command(
    name = "cache",
    description = "Lists the caches of decoded pictures, or removes them.",
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true)
final class CacheCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--clear", description = "Remove the caches, but those in use.")
  private boolean clear;

  @Override
  public Integer call() throws IOException {
    run(CacheOptions.usualFolder(), clear, spec.commandLine().getOut());
    return ExitCode.DONE;
  }

  static void run(Path folder, boolean clear, PrintWriter out) throws IOException {
    CacheList caches = new CacheList(folder);
    List<CacheList.Entry> entries = caches.entries();
    if (entries.isEmpty()) {
      out.println("no caches in " + folder);
    } else if (clear) {
      clear(caches, entries, out);
    } else {
      list(folder, entries, out);
    }
  }

  private static void list(Path folder, List<CacheList.Entry> entries, PrintWriter out) {
    long bytes = 0;
    for (CacheList.Entry entry : entries) {
      out.println(line(entry));
      bytes += entry.bytes();
    }
    out.printf("%s in %s%n", Bytes.text(bytes), folder);
  }

  private static void clear(CacheList caches, List<CacheList.Entry> entries, PrintWriter out)
      throws IOException {
    int removed = 0;
    long bytes = 0;
    for (CacheList.Entry entry : entries) {
      if (caches.remove(entry)) {
        removed++;
        bytes += entry.bytes();
      } else {
        out.println("in use, kept: " + line(entry));
      }
    }
    out.printf(
        "removed %d %s, %s%n", removed, removed == 1 ? "cache" : "caches", Bytes.text(bytes));
  }

  private static String line(CacheList.Entry entry) {
    Duration age = Duration.between(entry.made().toInstant(), Instant.now());
    String aged = Bar.duration((double) Math.max(0, age.toSeconds())) + " old";
    if (!entry.isWhole()) {
      return "%s: not finished, %s, %s".formatted(entry.folder(), Bytes.text(entry.bytes()), aged);
    }
    String size =
        entry.shorterSide() == CacheOptions.FULL
            ? "as they are"
            : "shorter side at most " + entry.shorterSide();
    return "%s: %s images, %s, %s, %s"
        .formatted(
            entry.origin(), Bytes.count(entry.images()), size, Bytes.text(entry.bytes()), aged);
  }
}
