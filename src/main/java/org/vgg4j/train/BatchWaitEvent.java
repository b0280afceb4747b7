package org.vgg4j.train;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The event {@code vgg4j.BatchWait} of Java's flight recorder. */
@Name("vgg4j.BatchWait")
@Label("Wait for a batch")
@Description("The time that a training waited for a batch to be read and prepared")
@Category("vgg4j")
@StackTrace(false)
final class BatchWaitEvent extends jdk.jfr.Event {
  @Label("Number")
  @Description("Of the epoch, from 0")
  long number;

  @Label("Images")
  int images;

  @Label("Bytes")
  @DataAmount
  long bytes;
}
