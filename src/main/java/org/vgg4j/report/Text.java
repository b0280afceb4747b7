package org.vgg4j.report;

/** A paragraph. */
record Text(String text) implements Block {
  @Override
  public String html() {
    return new Html().add("<p dir=\"auto\">%s</p>\n", text).toString();
  }
}
