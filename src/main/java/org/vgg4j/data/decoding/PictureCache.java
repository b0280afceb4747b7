package org.vgg4j.data.decoding;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Picture files decoded once: scaled down and packed into a cache on disk, from which they are read
 * as the system pages it. A list whose files, their sizes, times or labels changed gets a new
 * cache.
 */
public final class PictureCache {
  private static final long PATIENCE_MILLIS = 200;

  private final PictureList list;
  private final CacheOptions options;
  private final DecodingListener listener;
  private final CacheKey key;
  private final CacheFiles files;
  private final CacheLocks locks;

  private PictureCache(
      PictureList list, CacheOptions options, DecodingListener listener, CacheKey key)
      throws IOException {
    this.list = list;
    this.options = options;
    this.listener = listener;
    this.key = key;
    files = new CacheFiles(options.folder().resolve(key.name()));
    locks = CacheLocks.of(options.folder());
  }

  /**
   * Opens the cache of some pictures; makes it where there is none. Another process that makes the
   * same one is waited for. A killed process's work is gone on with. The cache cannot be removed
   * while this process lives.
   *
   * @return the images in the list's order, without those that could not be read
   * @throws InvalidInputException when a picture cannot be read and that is not to be skipped, no
   *     picture can be read, or the cache cannot be written
   */
  public static ImageSource open(
      PictureList list, CacheOptions options, DecodingListener listener) {
    try {
      CacheKey key = CacheKey.of(list, options);
      return new PictureCache(list, options, listener, key).open();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "the cache of %s in %s cannot be written: %s; XDG_CACHE_HOME names another folder"
              .formatted(list.name(), options.folder(), e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while pictures are decoded", e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("pictures could not be decoded: " + e, e);
    }
  }

  private ImageSource open() throws Exception {
    boolean said = false;
    boolean made = false;
    while (true) {
      CacheLocks.Held use = locks.use(key.name());
      if (use != null) {
        ImageSource images = null;
        try {
          images = whole(made);
        } finally {
          if (images == null) {
            use.close(); // who has images keeps it
          }
        }
        if (images != null) {
          return images;
        }
        try (CacheLocks.Held make = locks.make(key.name())) {
          if (make != null) {
            if (!Files.exists(files.index())) {
              new CacheBuilder(list, key, options, listener).build();
              removeOthers();
              made = true;
            }
            continue;
          }
        }
      }
      if (!said) {
        listener.report("waiting for another process that decodes " + list.name());
        said = true;
      }
      Thread.sleep(PATIENCE_MILLIS);
    }
  }

  /**
   * Returns the images of a whole cache, null when there is none.
   *
   * @param made whether it was made just now
   */
  private ImageSource whole(boolean made) throws IOException {
    try {
      CacheIndex index = CacheIndex.read(files.index());
      if (index == null) {
        return null;
      }
      ImageSource images = new CachedImages(list, files, index);
      if (made || BadPictures.areStillBad(index, list, options, listener)) {
        return images;
      }
      listener.report(
          "a picture of %s can be read now that could not; decoding anew".formatted(list.name()));
    } catch (IOException e) {
      listener.report(
          "the cache of %s in %s is damaged (%s); decoding anew"
              .formatted(list.name(), files.folder(), e.getMessage()));
    }
    Files.deleteIfExists(files.index());
    return null;
  }

  /** Removes the caches of earlier states of the same pictures that nobody uses. */
  private void removeOthers() {
    try (DirectoryStream<Path> caches = Files.newDirectoryStream(options.folder())) {
      for (Path cache : caches) {
        String name = cache.getFileName().toString();
        if (key.isSamePlace(name)) {
          remove(locks, cache);
        }
      }
    } catch (IOException e) {
      // What is left is listed by CacheList and can be removed there.
    }
  }

  /** Removes a cache; returns whether nobody uses it. */
  static boolean remove(CacheLocks locks, Path cache) throws IOException {
    String name = cache.getFileName().toString();
    try (CacheLocks.Held nobodyUses = locks.remove(name);
        CacheLocks.Held nobodyMakes = nobodyUses == null ? null : locks.make(name)) {
      if (nobodyMakes == null) {
        return false;
      }
      new CacheFiles(cache).delete();
      return true;
    }
  }
}
