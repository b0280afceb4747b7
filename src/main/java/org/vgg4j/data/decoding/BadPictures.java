package org.vgg4j.data.decoding;

import org.vgg4j.tensor.InvalidInputException;

/** Files of a list that cannot be read. */
final class BadPictures {
  private static final int MOST_NAMED = 10;

  private BadPictures() {}

  /** Returns the refusal of a set for one of its files. */
  static InvalidInputException stop(PictureList list, int number, InvalidInputException why) {
    return InvalidInputException.of(
        "onBadImage",
        "stop: %s (class %s); mend or remove it, or choose skip to leave such files out"
            .formatted(why.getMessage(), className(list, number)),
        why);
  }

  /** Returns the line about a file that is left out. */
  static String leftOut(PictureList list, int number, InvalidInputException why) {
    return "left out: %s (class %s)".formatted(why.getMessage(), className(list, number));
  }

  /** Returns the line about how many files are left out. */
  static String count(PictureList list, int bad) {
    return "left out %d of the %d pictures of %s, which cannot be read"
        .formatted(bad, list.size(), list.name());
  }

  /**
   * Looks again at the files that could not be read when a cache was made, and names the first.
   *
   * @return whether none of them can be read now either
   * @throws InvalidInputException when they are not to be skipped
   */
  static boolean areStillBad(
      CacheIndex index, PictureList list, CacheOptions options, DecodingListener listener) {
    CacheIndex.Header header = index.header();
    for (int i = 0; i < header.bad(); i++) {
      int number = (int) index.image(header.images() + i).offset();
      try {
        PictureDecoder.decode(list.file(number));
        return false;
      } catch (InvalidInputException e) {
        if (options.onBadImage() == OnBadImage.STOP) {
          throw stop(list, number, e);
        }
        if (i < MOST_NAMED) {
          listener.report(leftOut(list, number, e));
        }
      }
    }
    if (header.bad() > 0) {
      listener.report(count(list, header.bad()));
    }
    return true;
  }

  private static String className(PictureList list, int number) {
    return list.classNames().get(list.label(number));
  }
}
