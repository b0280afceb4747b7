package org.vgg4j.evaluation;

/** Hears how far a test is. */
public interface TestProgress {
  /** Hears nothing. */
  TestProgress NONE = (done, all) -> {};

  /**
   * Some pictures are done.
   *
   * @param done how many so far, each counted at each scale
   * @param all how many there will be
   */
  void at(long done, long all);
}
