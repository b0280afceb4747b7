package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of one cache. A whole one has an index, which is made last, and pixels; one that is
 * being made has a journal and part of the pixels.
 *
 * @param folder of the cache
 */
record CacheFiles(Path folder) {
  Path index() {
    return folder.resolve("index");
  }

  Path pixels() {
    return folder.resolve("pixels");
  }

  Path journal() {
    return folder.resolve("journal");
  }

  Path partOfPixels() {
    return folder.resolve("pixels.part");
  }

  Path partOfIndex() {
    return folder.resolve("index.part");
  }

  /** Removes the folder and what is in it. */
  void delete() throws IOException {
    Files.deleteIfExists(index()); // first: what is left is then no cache
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }
}
