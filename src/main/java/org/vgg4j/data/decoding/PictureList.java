package org.vgg4j.data.decoding;

import java.nio.file.Path;
import java.util.List;

/**
 * Labelled picture files in a fixed order. There may be millions: an implementation need not keep
 * them all in the heap. Implementations must be thread-safe.
 */
public interface PictureList {
  /** Returns its name in messages. */
  String name();

  /** Returns the names of the classes; label i is the i-th. */
  List<String> classNames();

  /** Returns the number of files, at least 1. */
  int size();

  /** Returns a file. */
  Path file(int index);

  /** Returns the label of a file: 0..classes-1. */
  int label(int index);
}
