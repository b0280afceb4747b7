package org.vgg4j.data;

/** What hears of a download's progress. */
public interface DownloadListener {
  /** Hears nothing. */
  DownloadListener NONE = (file, done, total) -> {};

  /**
   * Some of a file has arrived.
   *
   * @param file the file's name
   * @param done bytes so far
   * @param total bytes in all, -1 when the server does not say
   */
  void progress(String file, long done, long total);
}
