package org.vgg4j.io;

/** What is known of a file's contents. */
public enum Verification {
  /** The contents are those that the hash in the file was made of. */
  VERIFIED,
  /** The file carries no hash. */
  UNVERIFIED
}
