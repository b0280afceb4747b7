package org.vgg4j.tensor;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Options that take one of a few names; those of an enum are its constants in lower case. */
public final class Choice {
  private Choice() {}

  /**
   * Returns the constant of a name.
   *
   * @param field the option, for the message
   * @throws InvalidInputException when there is none
   */
  public static <E extends Enum<E>> E of(String field, Class<E> type, String name) {
    List<String> names = Arrays.stream(type.getEnumConstants()).map(Choice::name).toList();
    return type.getEnumConstants()[names.indexOf(require(field, names, name))];
  }

  /** Returns the name of a constant, as {@link #of} takes it. */
  public static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the name when it is one of those known.
   *
   * @throws InvalidInputException when it is not
   */
  public static String require(String field, Collection<String> known, String name) {
    if (!known.contains(name)) {
      String names =
          known.size() == 2 ? String.join(" or ", known) : "one of " + String.join(", ", known);
      throw InvalidInputException.of(field, "must be " + names + ", not " + name);
    }
    return name;
  }
}
