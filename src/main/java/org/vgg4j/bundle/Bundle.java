package org.vgg4j.bundle;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * An archive with vgg4j, its libraries and a Java runtime, for a Linux machine of the same
 * processor that has no Java and no network.
 *
 * @param checkout what it is made from
 * @param jdk the JDK whose runtime it gets
 * @param withCpu whether it has the CPU engine, oneDNN
 * @param withTests whether it has the tests of the GPU engine
 */
public record Bundle(Checkout checkout, Path jdk, boolean withCpu, boolean withTests) {
  private static final String SUFFIX = ".tar.xz";

  /** What the bundle holds of the checkout as it is. */
  private static final List<String> FILES =
      List.of("vgg", "LICENSE", "NOTICE", "data/sample", "benchmarks/gpu");

  /** Two blocks at a time, each of which xz packs on a thread of its own. */
  private static final List<String> BLOCKS = List.of("-T0", "--block-size=64MiB");

  private static final String LZMA = "--lzma2=preset=6,dict=64MiB";

  /**
   * Checks, before anything is made, that the archive can be.
   *
   * @throws InvalidInputException saying what is in the way
   */
  private void require(Path out) {
    if (!out.toString().endsWith(SUFFIX) || out.getFileName().toString().equals(SUFFIX)) {
      throw new InvalidInputException(
          "a bundle's name ends with %s, as in vgg4j%1$s, and %s does not".formatted(SUFFIX, out));
    }
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidInputException(out + " exists: remove it, or give another name");
    }
    Path folder = folderOf(out);
    if (!Files.isDirectory(folder)) {
      throw new InvalidInputException(
          "cannot write " + out + ": the folder " + folder + " is not there");
    }
    if (!Files.isWritable(folder)) {
      throw new InvalidInputException(
          "cannot write " + out + ": no right to write into the folder " + folder);
    }
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new InvalidInputException(
          "a bundle is for Linux and made on Linux, and this is " + System.getProperty("os.name"));
    }
    JavaRuntime.requireJlink(jdk, Runtime.version().feature());
    Program.require("tar", "tar");
    Program.require("xz", "xz-utils (or xz)");
    if (withTests) {
      Program.require("mvn", "Maven");
    }
  }

  private static Path folderOf(Path out) {
    return out.toAbsolutePath().getParent();
  }

  /**
   * Writes the archive, or nothing.
   *
   * @param out the file to make; its name ends with .tar.xz
   * @param report takes a line before each part that takes long
   * @return the archive's size in bytes
   * @throws InvalidInputException when it cannot be made here, saying why
   */
  public long write(Path out, Consumer<String> report) throws IOException {
    require(out);
    try (Workplace place = new Workplace(folderOf(out))) {
      String name = "vgg4j-%s-linux-%s".formatted(checkout.version(), processor());
      Path root = Files.createDirectory(place.folder().resolve(name));
      fill(root, report);
      report.accept("packing ...");
      Path archive = place.folder().resolve(out.getFileName());
      pack(root, archive, place.folder().resolve("said.txt"));
      try {
        Files.move(archive, out, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(archive, out);
      }
    }
    return Files.size(out);
  }

  private void fill(Path root, Consumer<String> report) throws IOException {
    String commit = checkout.commit();
    String version = checkout.version() + "+" + commit.substring(0, Math.min(12, commit.length()));
    if (withTests) {
      report.accept("compiling the tests ...");
      DeviceTests.add(checkout, root.resolve("tests"), version);
    }
    report.accept("making a Java runtime ...");
    JavaRuntime.make(jdk, root.resolve("runtime"));
    report.accept("copying libraries ...");
    Path lib = Files.createDirectory(root.resolve("lib"));
    PlainJar.pack(checkout.classes(), lib.resolve("vgg4j.jar"), version);
    NativeParts parts = new NativeParts(checkout.named(NativeParts.CUDA), withCpu);
    for (Path jar : checkout.jars()) {
      String file = jar.getFileName().toString();
      Predicate<String> wanted = parts.wantedOf(file);
      if (wanted != null) {
        PlainJar.copy(jar, lib.resolve(file), wanted);
      }
    }
    for (String file : FILES) {
      copy(checkout.home().resolve(file), root.resolve(file));
    }
    Files.writeString(root.resolve("README.txt"), readme(commit));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  /** The first lines are read by programs. */
  private String readme(String commit) throws IOException {
    return """
    version: %s
    commit: %s
    made: %s
    java: %s
    cpu engine: %s
    device tests: %s

    vgg4j with its own Java, for Linux. The GPU engine takes CUDA and cuDNN from this machine.

        ./vgg doctor                          what works here, and what is missing
        ./vgg train --device cuda             trains; --help shows all flags
        benchmarks/gpu/run.sh OUT_DIR         tests, timings and a report of this GPU
    """
        .formatted(
            checkout.version(),
            commit,
            LocalDate.now(ZoneOffset.UTC),
            Runtime.version(),
            withCpu ? "yes" : "no",
            withTests ? "yes" : "no");
  }

  private static void pack(Path root, Path archive, Path said) throws IOException {
    String folder = root.getParent().toString();
    Program.pipe(
        List.of(
            List.of(
                "tar",
                "--format=ustar",
                "--sort=name",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                "-C",
                folder,
                "-cf",
                "-",
                root.getFileName().toString()),
            xz()),
        archive,
        said);
  }

  private static List<String> xz() {
    List<String> command = new ArrayList<>(List.of("xz", "-c"));
    command.addAll(BLOCKS);
    if (processor().equals("x86_64")) {
      command.add("--x86"); // a filter that makes its machine code smaller
    }
    command.add(LZMA);
    return command;
  }

  private static String processor() {
    String name = System.getProperty("os.arch");
    return name.equals("amd64") ? "x86_64" : name;
  }
}
