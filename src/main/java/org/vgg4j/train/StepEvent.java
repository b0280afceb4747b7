package org.vgg4j.train;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The event {@code vgg4j.Step} of Java's flight recorder. */
@Name("vgg4j.Step")
@Label("Training step")
@Description("A step from the wait for its first batch until its work was handed to the engine")
@Category("vgg4j")
@StackTrace(false)
final class StepEvent extends jdk.jfr.Event {
  @Label("Number")
  @Description("Of the run, from 1")
  long number;

  @Label("Images")
  int images;

  @Label("Bytes")
  @DataAmount
  long bytes;
}
