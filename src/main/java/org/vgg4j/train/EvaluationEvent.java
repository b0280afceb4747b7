package org.vgg4j.train;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The event {@code vgg4j.Evaluation} of Java's flight recorder. */
@Name("vgg4j.Evaluation")
@Label("Evaluation")
@Description("The test of a net after an epoch")
@Category("vgg4j")
@StackTrace(false)
final class EvaluationEvent extends jdk.jfr.Event {
  @Label("Number")
  @Description("Of the epoch, from 1")
  long number;

  @Label("Images")
  int images;

  @Label("Bytes")
  @DataAmount
  long bytes;
}
