package org.vgg4j.report;

/**
 * Lines that are shown as they are, such as commands.
 *
 * @param text the lines
 */
public record Listing(String text) implements Block {
  @Override
  public String html() {
    return new Html().add("<pre>%s</pre>\n", text).toString();
  }
}
