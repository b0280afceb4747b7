package org.vgg4j.data.sets;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.vgg4j.tensor.InvalidInputException;

/** Finds the files of CIFAR, or downloads them. */
final class CifarFiles {
  private CifarFiles() {}

  /** Returns the set that a folder is or holds under its archive's name, null for none. */
  static DataSet in(Path folder) {
    for (Cifar set : Cifar.values()) {
      for (Path place : new Path[] {folder, folder.resolve(set.folder())}) {
        if (set.isMeant(place)) {
          return set.read(place);
        }
      }
    }
    return null;
  }

  /**
   * Looks in the usual places and then downloads.
   *
   * @throws InvalidInputException when it is nowhere, or damaged
   */
  static DataSet findOrDownload(Cifar set, DataPlaces places, DownloadListener listener) {
    Path cache = places.cached(set.label());
    List<Path> folders = new ArrayList<>();
    if (places.named() != null) {
      folders.add(places.named());
      folders.add(places.named().resolve(set.label()));
    }
    folders.add(cache);
    for (Path folder : folders) {
      for (Path place : new Path[] {folder, folder.resolve(set.folder())}) {
        if (set.missing(place).isEmpty()) {
          return set.read(place);
        }
      }
    }
    try {
      return set.read(download(set, Download.md5(set.md5()), places, listener));
    } catch (IOException e) {
      throw InvalidInputException.of(
          "data",
          "%s is not in %s and cannot be downloaded (%s); its archive is %s: unpack it and name the folder"
              .formatted(
                  set.label(),
                  String.join(", ", folders.stream().map(Path::toString).toList()),
                  Download.reason(e),
                  places.cifar().resolve(set.archive())),
          e);
    }
  }

  /** Downloads the archive, unpacks it into the cache and returns the folder. */
  static Path download(
      Cifar set, Download.Check check, DataPlaces places, DownloadListener listener)
      throws IOException {
    Path cache = places.cached(set.label());
    Files.createDirectories(cache);
    Path archive = cache.resolve(set.archive());
    Download.fetch(places.cifar().resolve(set.archive()), archive, check, listener);
    Path unpacked = Files.createTempDirectory(cache, "unpacking");
    Path target = cache.resolve(set.folder());
    try {
      unpack(archive, set, unpacked);
      if (!Files.exists(target)) { // another process may have been faster
        Files.move(unpacked, target, StandardCopyOption.ATOMIC_MOVE);
      }
      return target;
    } finally {
      Files.deleteIfExists(archive);
      delete(unpacked);
    }
  }

  /** Writes the files of the set, whatever folder the archive has them in, and nothing else. */
  static void unpack(Path archive, Cifar set, Path into) throws IOException {
    Set<String> wanted = new LinkedHashSet<>(set.files());
    try (InputStream in = new GZIPInputStream(Files.newInputStream(archive), 1 << 16)) {
      TarReader tar = new TarReader(in);
      for (TarReader.Entry entry = tar.next(); entry != null; entry = tar.next()) {
        String name = entry.name().substring(entry.name().lastIndexOf('/') + 1);
        if (wanted.remove(name)) {
          write(tar, into.resolve(name));
        }
      }
    }
    if (!wanted.isEmpty()) {
      throw new IOException(archive.getFileName() + " lacks " + String.join(", ", wanted));
    }
  }

  private static void write(TarReader tar, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int count = tar.read(buffer); count >= 0; count = tar.read(buffer)) {
        out.write(buffer, 0, count);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }
}
