package org.vgg4j.bundle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Enumeration;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Jars without compression: xz then finds what many of their files have in common. */
final class PlainJar {
  /** The oldest time that a zip can say: equal files give equal jars. */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private PlainJar() {}

  /** Copies a jar's entries that are wanted, by name. */
  static void copy(Path jar, Path into, Predicate<String> wanted) throws IOException {
    try (ZipFile from = new ZipFile(jar.toFile());
        ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(into))) {
      Enumeration<? extends ZipEntry> entries = from.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        if (!entry.isDirectory() && wanted.test(entry.getName())) {
          put(to, entry.getName(), from.getInputStream(entry).readAllBytes());
        }
      }
    }
  }

  /**
   * Packs a folder of classes.
   *
   * @param version for the manifest
   */
  static void pack(Path folder, Path into, String version) throws IOException {
    List<Path> files;
    try (Stream<Path> tree = Files.walk(folder)) {
      files = tree.filter(Files::isRegularFile).sorted().toList();
    }
    try (ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(into))) {
      put(to, JarFile.MANIFEST_NAME, manifest(version));
      for (Path file : files) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        if (!name.equals(JarFile.MANIFEST_NAME)) {
          put(to, name, Files.readAllBytes(file));
        }
      }
    }
  }

  private static byte[] manifest(String version) throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.IMPLEMENTATION_VERSION, version);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    manifest.write(bytes);
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream to, String name, byte[] bytes) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(TIME);
    to.putNextEntry(entry);
    to.write(bytes);
    to.closeEntry();
  }
}
