package org.vgg4j.bundle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tests of the GPU engine, with JUnit's console to run them without Maven. */
final class DeviceTests {
  private DeviceTests() {}

  /**
   * Compiles the tests and puts them and what only they need into a folder.
   *
   * @throws IOException with what Maven said, when it cannot
   */
  static void add(Checkout checkout, Path into, String version) throws IOException {
    Path home = checkout.home();
    Program.run(
        List.of(
            "mvn",
            "-q",
            "-B",
            "-f",
            home.resolve("library.pom.xml").toString(),
            "-Dquick",
            "-DdeviceTests",
            "process-test-classes"));
    Path built = home.resolve("target/device-tests");
    Files.createDirectories(into);
    PlainJar.pack(built.resolve("test-classes"), into.resolve("vgg4j-tests.jar"), version);
    Set<String> known =
        checkout.jars().stream()
            .map(jar -> jar.getFileName().toString())
            .collect(Collectors.toSet());
    try (Stream<String> jars =
        Stream.of(Files.readString(built.resolve("classpath.txt")).strip().split(":"))) {
      for (String jar : jars.toList()) {
        Path path = Path.of(jar);
        if (!known.contains(path.getFileName().toString())) {
          PlainJar.copy(path, into.resolve(path.getFileName()), name -> true);
        }
      }
    }
  }
}
