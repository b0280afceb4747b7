package org.vgg4j.io;

/** Whether a file's contents were verified. */
public enum Verification {
  /** The contents match the hash in the file. */
  VERIFIED,
  /** The file has no hash. */
  UNVERIFIED
}
