package org.vgg4j.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.tensor.InvalidInputException;

/** The parts that a bundle is put together from. */
@EnabledOnOs(OS.LINUX)
final class BundlePartsTest {
  @TempDir private Path folder;

  @Test
  void onlyTheBindingsThatAreCalledAreKept() {
    NativeParts parts = new NativeParts(List.of("cudart", "cudnn"), false);
    Predicate<String> wanted = parts.wantedOf("cuda-13.1-9.19-1.5.13-linux-x86_64.jar");
    assertTrue(wanted.test("org/bytedeco/cuda/linux-x86_64/libjnicudart.so"));
    assertFalse(wanted.test("org/bytedeco/cuda/linux-x86_64/libjninppif.so"));
    assertTrue(wanted.test("org/bytedeco/cuda/cudart/CUstream_st.class"));
    assertFalse(wanted.test("META-INF/native-image/linux-x86_64/jnicudart/jni-config.json"));
  }

  @Test
  void oneDnnComesOnlyWhenItIsAskedFor() {
    String jar = "dnnl-3.11-1.5.13-linux-x86_64.jar";
    assertNull(new NativeParts(List.of(), false).wantedOf(jar));
    assertNotNull(new NativeParts(List.of(), true).wantedOf(jar));
    assertNotNull(new NativeParts(List.of(), false).wantedOf("dnnl-3.11-1.5.13.jar"));
    assertNotNull(new NativeParts(List.of(), false).wantedOf("javacpp-1.5.13-linux-x86_64.jar"));
  }

  /** The engine calls these, so a bundle without them would not start. */
  @Test
  void whatTheEngineCallsIsFoundInItsClasses() throws Exception {
    Path classes =
        Path.of(Checkout.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> named = new Checkout(folder, classes, List.of()).named(NativeParts.CUDA);
    assertTrue(named.containsAll(List.of("cublas", "cudart", "cudnn", "nvrtc")), named::toString);
    assertFalse(named.contains("npp"));
  }

  @Test
  void aJarIsCopiedWithoutCompressionAndWithoutWhatIsNotWanted() throws IOException {
    Path jar = folder.resolve("a.jar");
    byte[] bytes = "a".repeat(1000).getBytes(StandardCharsets.UTF_8);
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (String name : List.of("kept", "dropped")) {
        out.putNextEntry(new ZipEntry(name));
        out.write(bytes);
      }
    }
    Path copy = folder.resolve("b.jar");
    PlainJar.copy(jar, copy, name -> name.equals("kept"));
    try (ZipFile zip = new ZipFile(copy.toFile())) {
      assertEquals(1, zip.size());
      ZipEntry entry = zip.getEntry("kept");
      assertEquals(ZipEntry.STORED, entry.getMethod());
      assertArrayEquals(bytes, zip.getInputStream(entry).readAllBytes());
    }
  }

  @Test
  void ownClassesArePackedWithTheirVersion() throws IOException {
    Path classes = Files.createDirectories(folder.resolve("classes/org"));
    Files.writeString(classes.resolve("A.class"), "A");
    Path jar = folder.resolve("a.jar");
    PlainJar.pack(folder.resolve("classes"), jar, "1.2+abc");
    try (JarFile packed = new JarFile(jar.toFile())) {
      assertNotNull(packed.getEntry("org/A.class"));
      assertEquals(
          "1.2+abc", packed.getManifest().getMainAttributes().getValue("Implementation-Version"));
    }
  }

  @Test
  void aJdkWithoutJlinkOrJmodsIsRefused() throws IOException {
    String message =
        assertThrows(InvalidInputException.class, () -> JavaRuntime.requireJlink(folder, 17))
            .getMessage();
    assertTrue(message.startsWith("no jlink in " + folder), message);
    Path jlink = Files.createDirectories(folder.resolve("bin")).resolve("jlink");
    Files.createFile(jlink);
    assertTrue(jlink.toFile().setExecutable(true));
    message =
        assertThrows(InvalidInputException.class, () -> JavaRuntime.requireJlink(folder, 17))
            .getMessage();
    assertTrue(message.startsWith("no jmods in " + folder), message);
    JavaRuntime.requireJlink(folder, 24); // links from the JDK itself
  }

  @Test
  void aProgramThatFailsOrIsNotThereIsNamed() {
    String message =
        assertThrows(
                IOException.class,
                () -> Program.run(List.of("sh", "-c", "echo out of luck >&2; exit 3")))
            .getMessage();
    assertEquals("sh failed with exit code 3: out of luck", message);
    message =
        assertThrows(
                InvalidInputException.class, () -> Program.require("no-such-program", "a package"))
            .getMessage();
    assertTrue(message.startsWith("no no-such-program on the PATH"), message);
  }

  /** The first program fails and the second does not. */
  @Test
  void aPipeFailsWithItsFirstProgram() {
    Path into = folder.resolve("out");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                Program.pipe(
                    List.of(List.of("sh", "-c", "echo no room >&2; exit 2"), List.of("cat")),
                    into,
                    folder.resolve("said")));
    assertEquals("sh failed with exit code 2: no room", e.getMessage());
  }

  @Test
  void theWorkplaceIsRemovedWithAllInIt() throws IOException {
    Path made;
    try (Workplace place = new Workplace(folder)) {
      made = place.folder();
      Files.createDirectories(made.resolve("a/b"));
      Files.createSymbolicLink(made.resolve("a/link"), folder);
    }
    assertFalse(Files.exists(made));
    assertTrue(Files.exists(folder));
  }
}
