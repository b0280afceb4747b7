package org.vgg4j.data.decoding;

import java.nio.file.Path;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.UserFolders;

/**
 * How picture files are decoded into a cache.
 *
 * @param folder of all caches
 * @param shorterSide pictures whose shorter side is longer, in pixels, are scaled down to it;
 *     {@link #FULL} keeps them as they are
 * @param onBadImage what to do about a file that cannot be read
 * @param threads how many decode at once
 */
public record CacheOptions(Path folder, int shorterSide, OnBadImage onBadImage, int threads) {
  /** The {@code shorterSide} that keeps pictures as they are. */
  public static final int FULL = 0;

  /** Checks the numbers. */
  public CacheOptions {
    InvalidInputException.requireAtLeast(0, "cacheSize", shorterSide);
    InvalidInputException.requireAtLeast(1, "threads", threads);
  }

  /** Returns options for the user's folder of caches and all processors. */
  public static CacheOptions of(int shorterSide, OnBadImage onBadImage) {
    return new CacheOptions(
        usualFolder(), shorterSide, onBadImage, Runtime.getRuntime().availableProcessors());
  }

  /** Returns the user's folder of caches. */
  public static Path usualFolder() {
    return UserFolders.ownCache().resolve("images");
  }
}
