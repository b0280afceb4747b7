package org.vgg4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
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
    PrintWriter out = spec.commandLine().getOut();
    CacheList caches = new CacheList(CacheOptions.usualFolder());
    List<CacheList.Entry> entries = caches.entries();
    if (entries.isEmpty()) {
      out.println("no caches in " + CacheOptions.usualFolder());
      return ExitCode.DONE;
    }
    if (clear) {
      return clear(caches, entries);
    }
    long bytes = 0;
    for (CacheList.Entry entry : entries) {
      out.println(line(entry));
      bytes += entry.bytes();
    }
    out.printf("%s in %s%n", Bytes.text(bytes), CacheOptions.usualFolder());
    return ExitCode.DONE;
  }

  private Integer clear(CacheList caches, List<CacheList.Entry> entries) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
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
    return ExitCode.DONE;
  }

  private static String line(CacheList.Entry entry) {
    Duration age = Duration.between(entry.made().toInstant(), Instant.now());
    String aged = Bar.duration(Math.max(0, age.toSeconds())) + " old";
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
