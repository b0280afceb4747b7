package org.vgg4j.data.decoding;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** The caches of a folder. */
public final class CacheList {
  /** What {@link CacheKey} names a cache. */
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{6}-[0-9a-f]{24}");

  private final Path folder;

  /**
   * A cache.
   *
   * @param folder its own
   * @param origin the folder that its pictures came from, null when it is not whole
   * @param images how many it has, 0 when it is not whole
   * @param shorterSide as in {@link CacheOptions}
   * @param bytes on disk
   * @param made when it was last written to
   */
  public record Entry(
      Path folder, String origin, int images, int shorterSide, long bytes, FileTime made) {
    /** Returns whether it is whole; another is gone on with or removed by the next process. */
    public boolean isWhole() {
      return origin != null;
    }

    private static Entry of(Path folder) throws IOException {
      long bytes = 0;
      FileTime made = Files.getLastModifiedTime(folder);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
        for (Path file : files) {
          bytes += Files.size(file);
          FileTime time = Files.getLastModifiedTime(file);
          made = time.compareTo(made) > 0 ? time : made;
        }
      }
      try {
        CacheIndex index = CacheIndex.read(new CacheFiles(folder).index());
        if (index != null) {
          CacheIndex.Header header = index.header();
          return new Entry(
              folder, index.origin(), header.images(), header.shorterSide(), bytes, made);
        }
      } catch (IOException e) {
        // Damaged: not whole.
      }
      return new Entry(folder, null, 0, 0, bytes, made);
    }
  }

  /** Names the folder of caches, which may be missing. */
  public CacheList(Path folder) {
    this.folder = folder;
  }

  /**
   * Returns the caches, the newest first.
   *
   * @throws IOException when the folder cannot be read
   */
  public List<Entry> entries() throws IOException {
    List<Entry> entries = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return entries;
    }
    try (DirectoryStream<Path> caches = Files.newDirectoryStream(folder)) {
      for (Path cache : caches) {
        if (NAME.matcher(cache.getFileName().toString()).matches()) {
          entries.add(Entry.of(cache));
        }
      }
    }
    entries.sort(Comparator.comparing(Entry::made).reversed());
    return entries;
  }

  /**
   * Removes a cache.
   *
   * @return whether it was removed: one that a process uses or makes is not
   * @throws IOException when its files cannot be removed
   */
  public boolean remove(Entry entry) throws IOException {
    return PictureCache.remove(CacheLocks.of(folder), entry.folder());
  }
}
