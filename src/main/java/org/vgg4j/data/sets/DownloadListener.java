package org.vgg4j.data.sets;

/** Receives a download's progress. */
public interface DownloadListener {
  /** Ignores all progress. */
  DownloadListener NONE = (file, done, total) -> {};

  /**
   * Called when part of a file has arrived.
   *
   * @param file the file's name
   * @param done bytes so far
   * @param total bytes in all, -1 when the server does not say
   */
  void progress(String file, long done, long total);
}
