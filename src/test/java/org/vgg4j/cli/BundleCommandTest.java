package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./vgg bundle} refuses; .ci/run makes a whole bundle and trains with it. */
@EnabledOnOs(OS.LINUX)
final class BundleCommandTest {
  @TempDir private Path folder;
  private String home;

  @BeforeEach
  void setHome() {
    home = System.getProperty("vgg4j.home");
    System.setProperty("vgg4j.home", System.getProperty("basedir", "."));
  }

  @AfterEach
  void resetHome() {
    if (home == null) {
      System.clearProperty("vgg4j.home");
    } else {
      System.setProperty("vgg4j.home", home);
    }
  }

  private String refused(Path out) throws Exception {
    String line = Cli.refused(Cli.run("bundle", out.toString()));
    assertTrue(Cli.names(folder).stream().noneMatch(name -> name.startsWith(".vgg4j")), line);
    return line;
  }

  @Test
  void anotherSuffixIsRefused() throws Exception {
    Path out = folder.resolve("vgg4j.zip");
    assertEquals(
        "vgg: a bundle's name ends with .tar.xz, as in vgg4j.tar.xz, and " + out + " does not",
        refused(out));
    assertTrue(refused(folder.resolve(".tar.xz")).contains("ends with .tar.xz"));
  }

  @Test
  void whatIsThereIsLeftAsItIs() throws Exception {
    Path out = Files.writeString(folder.resolve("a.tar.xz"), "mine");
    assertEquals("vgg: " + out + " exists: remove it, or give another name", refused(out));
    assertEquals("mine", Files.readString(out));
    Path link = Files.createSymbolicLink(folder.resolve("b.tar.xz"), folder.resolve("nothing"));
    assertTrue(refused(link).contains(" exists: "));
  }

  @Test
  void aFolderThatIsNotThereIsNamed() throws Exception {
    Path out = folder.resolve("none").resolve("a.tar.xz");
    assertTrue(refused(out).endsWith("the folder " + out.getParent() + " is not there"));
  }

  @Test
  void aFolderThatMayNotBeWrittenIsNamed() throws Exception {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    Assumptions.assumeFalse(Files.isWritable(locked), "root may write everywhere");
    assertTrue(refused(locked.resolve("a.tar.xz")).contains("no right to write into the folder"));
  }

  @Test
  void outsideACheckoutItSaysWhereBundlesAreMade() throws Exception {
    System.setProperty("vgg4j.home", folder.toString());
    assertEquals(
        "vgg: a bundle is made in a checkout of vgg4j, from its sources, and "
            + folder
            + " is none",
        refused(folder.resolve("a.tar.xz")));
    assertEquals(List.of(), Cli.names(folder));
  }
}
