package org.vgg4j.run;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The event {@code vgg4j.Checkpoint} of Java's flight recorder. */
@Name("vgg4j.Checkpoint")
@Label("Checkpoint")
@Description("The writing of a checkpoint, beside the training")
@Category("vgg4j")
@StackTrace(false)
final class CheckpointEvent extends jdk.jfr.Event {
  @Label("Number")
  @Description("The updates made until then")
  long number;

  @Label("Bytes")
  @DataAmount
  long bytes;
}
