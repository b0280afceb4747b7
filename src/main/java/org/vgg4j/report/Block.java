package org.vgg4j.report;

/** A part of a {@link Page}. */
public sealed interface Block permits Table, LineChart, Bars, Pictures, Matrix, Listing, Text {
  /** Returns the part as HTML, in which every value is escaped. */
  String html();
}
