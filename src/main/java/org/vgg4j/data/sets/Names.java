package org.vgg4j.data.sets;

import java.util.List;

/** Names in a message. */
final class Names {
  private static final int MOST = 5;

  private Names() {}

  /** Returns the first few with commas between, and how many more there are. */
  static String some(List<String> names) {
    return names.size() <= MOST
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, MOST)) + " and " + (names.size() - MOST) + " more";
  }
}
