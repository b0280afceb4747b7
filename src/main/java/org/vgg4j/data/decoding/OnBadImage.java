package org.vgg4j.data.decoding;

/** What to do about a picture file that cannot be read. */
public enum OnBadImage {
  /** Refuse the whole set. */
  STOP,
  /** Leave the file out, named with its class and the reason. */
  SKIP
}
