package org.vgg4j.report;

import java.util.Locale;

/** HTML as it grows. Values come in by {@link #text} and by the arguments of {@link #add}. */
final class Html {
  private final StringBuilder out = new StringBuilder();

  /** Adds markup; each argument is escaped and stands where the format says. */
  Html add(String format, Object... values) {
    Object[] safe = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      safe[i] = values[i] instanceof String text ? escaped(text) : values[i];
    }
    out.append(String.format(Locale.ROOT, format, safe));
    return this;
  }

  /** Adds a text. */
  Html text(String text) {
    out.append(escaped(text));
    return this;
  }

  /** Adds what is HTML already. */
  Html html(String html) {
    out.append(html);
    return this;
  }

  @Override
  public String toString() {
    return out.toString();
  }

  /**
   * Returns a text for an element or an attribute in quotes; characters that HTML does not know
   * become the replacement character.
   */
  static String escaped(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.appendCodePoint(isKnown(c) ? c : 0xFFFD);
              }
            });
    return safe.toString();
  }

  private static boolean isKnown(int c) {
    boolean isControl = c < ' ' ? c != '\n' && c != '\t' : c >= 0x7F && c < 0xA0;
    boolean isHalf = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    return !isControl && !isHalf && (c & 0xFFFE) != 0xFFFE;
  }
}
