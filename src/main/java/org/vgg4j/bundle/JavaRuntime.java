package org.vgg4j.bundle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/** A Java runtime cut out of a JDK. */
final class JavaRuntime {
  /**
   * What vgg4j and its libraries use: pictures and bean names are in java.desktop, JavaCPP and
   * picocli look at java.sql and java.management, jdk.unsupported is for JavaCPP, jdk.crypto.ec for
   * downloads over https.
   */
  private static final List<String> MODULES =
      List.of(
          "java.base",
          "java.desktop",
          "java.logging",
          "java.management",
          "java.naming",
          "java.net.http",
          "java.sql",
          "java.xml",
          "jdk.crypto.ec",
          "jdk.jfr",
          "jdk.management",
          "jdk.unsupported",
          "jdk.zipfs");

  /** The first version whose jlink needs no jmods. */
  private static final int LINKS_ITSELF = 24;

  /** Parts of a JDK that may use libraries of its distribution, which another Linux has not. */
  private static final List<String> LEANING = List.of("libzip.so", "libjavajpeg.so", "liblcms.so");

  /** A library and where it lies, as ldd says; those of C, C++ and the kernel are everywhere. */
  private static final Pattern FOREIGN =
      Pattern.compile("(lib(?:z|jpeg|lcms2)\\.so[.\\d]*) => (/\\S+)");

  private JavaRuntime() {}

  /**
   * Checks that a JDK can be cut.
   *
   * @throws InvalidInputException saying what is missing
   */
  static void requireJlink(Path jdk, int version) {
    String advice =
        "; install a whole JDK, 17 or newer, such as Debian's openjdk-17-jdk-headless, and set"
            + " JAVA_HOME if there are several";
    if (!Files.isExecutable(jlink(jdk))) {
      throw new InvalidInputException(
          "no jlink in " + jdk + ", which makes the bundle's Java runtime" + advice);
    }
    if (version < LINKS_ITSELF && !Files.isRegularFile(jdk.resolve("jmods/java.base.jmod"))) {
      throw new InvalidInputException(
          "no jmods in " + jdk + ", from which jlink makes the bundle's Java runtime" + advice);
    }
  }

  private static Path jlink(Path jdk) {
    return jdk.resolve("bin/jlink");
  }

  /** Makes the runtime in a folder that is not there yet. */
  static void make(Path jdk, Path into) throws IOException {
    Program.run(
        List.of(
            jlink(jdk).toString(),
            "--add-modules",
            String.join(",", MODULES),
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            "--output",
            into.toString()));
    addForeignLibraries(into.resolve("lib"));
  }

  /** The JDK's libraries look beside themselves first. */
  private static void addForeignLibraries(Path lib) throws IOException {
    for (String name : LEANING) {
      Path library = lib.resolve(name);
      if (!Files.exists(library)) {
        continue;
      }
      Matcher found = FOREIGN.matcher(Program.run(List.of("ldd", library.toString())));
      while (found.find()) {
        Path copy = lib.resolve(found.group(1));
        if (!Files.exists(copy)) {
          Files.copy(Path.of(found.group(2)), copy);
        }
      }
    }
  }
}
