package org.vgg4j.bundle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A checkout of vgg4j that was built.
 *
 * @param home its folder
 * @param classes vgg4j's own
 * @param jars of its libraries
 */
public record Checkout(Path home, Path classes, List<Path> jars) {
  private static final Pattern VERSION =
      Pattern.compile("<artifactId>vgg4j-parent</artifactId>\\s*<version>([^<]+)</version>");

  /** What the launcher makes of the folder {@code classes} beside it. */
  private static final String LAUNCHERS_JAR = "vgg4j.jar";

  /** Copies the list. */
  public Checkout {
    jars = List.copyOf(jars);
  }

  /**
   * Finds the checkout that this process runs from, by its class path.
   *
   * @param home the folder of the launcher
   * @throws InvalidInputException when it does not run from one
   */
  public static Checkout of(Path home, String classPath) {
    List<Path> jars = new ArrayList<>();
    Path classes = null;
    for (String part : classPath.split(":")) {
      Path path = Path.of(part);
      Path own = path.endsWith(LAUNCHERS_JAR) ? path.resolveSibling("classes") : path;
      if (classes == null && Files.isDirectory(own.resolve("org/vgg4j"))) {
        classes = own;
      } else if (Files.isRegularFile(path)) {
        jars.add(path);
      }
    }
    if (classes == null || !Files.isRegularFile(home.resolve("pom.xml"))) {
      throw new InvalidInputException(
          "a bundle is made in a checkout of vgg4j, from its sources, and "
              + home.toAbsolutePath()
              + " is none");
    }
    return new Checkout(home, classes, jars);
  }

  /** Returns the version that the sources say they are. */
  String version() throws IOException {
    Matcher found = VERSION.matcher(Files.readString(home.resolve("pom.xml")));
    return found.find() ? found.group(1) : "unknown";
  }

  /** Returns the commit of the sources, with a + behind it when files differ from it. */
  String commit() {
    String git = home.toString();
    try {
      String commit = Program.run(List.of("git", "-C", git, "rev-parse", "HEAD"));
      String changed =
          Program.run(List.of("git", "-C", git, "status", "--porcelain", "--untracked-files=no"));
      return changed.isEmpty() ? commit : commit + "+";
    } catch (IOException e) {
      return "unknown"; // no git, or sources from an archive
    }
  }

  /**
   * Returns which classes of a package the own classes name: with {@code org/bytedeco/cuda/global/}
   * those are the libraries of CUDA that the engine calls.
   */
  List<String> named(String prefix) throws IOException {
    Pattern pattern = Pattern.compile(Pattern.quote(prefix) + "(\\w+)");
    List<String> found = new ArrayList<>();
    try (Stream<Path> tree = Files.walk(classes)) {
      for (Path file : tree.filter(path -> path.toString().endsWith(".class")).toList()) {
        Matcher names =
            pattern.matcher(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
        while (names.find()) {
          found.add(names.group(1));
        }
      }
    }
    return found.stream().distinct().sorted().toList();
  }
}
