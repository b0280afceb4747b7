package org.vgg4j.cli;

import java.util.List;
import org.vgg4j.evaluation.TestOptions;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Option;

/** The flags that say what a net is shown of each picture. */
final class TestFlags {
  @Option(
      names = "--scales",
      paramLabel = "Q[,Q...]",
      description =
          "What pictures are resized to (the shorter side where the fit is so), one after the"
              + " other, each at least the net's image size (default: the model's own size).")
  private String scales;

  @Option(
      names = "--dense",
      description = "Run the net over the whole picture, made fully convolutional.")
  private boolean dense;

  @Option(
      names = "--crops",
      paramLabel = "50",
      description =
          "Show it a 5x5 grid of crops at each scale, each also with left and right exchanged.")
  private Integer crops;

  @Option(
      names = "--flip",
      description = "Also show it the middle, or the whole picture, with left and right exchanged.")
  private boolean flip;

  /** Returns what was given. */
  TestOptions options() {
    if (crops != null && crops != TestOptions.CROPS) {
      throw InvalidInputException.of(
          "crops",
          "must be %d, a grid of 5x5 with both sides, not %d".formatted(TestOptions.CROPS, crops));
    }
    return new TestOptions(
        scales == null ? List.of() : TestOptions.scales(scales), dense, crops != null, flip);
  }
}
