package org.vgg4j.cli;

import org.vgg4j.model.ConfigHints;
import picocli.CommandLine.Option;

/** The flags that say of a model what its file does not. */
final class HintOptions {
  @Option(
      names = "--layers",
      paramLabel = "LIST",
      description =
          "The layers, such as 64,M,128,M, of a model whose file does not say them (default: those"
              + " of the paper's net that its tensors fit).")
  private String layers;

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      description =
          "The image size of a model whose file does not say it (default: the one at which its"
              + " classifier needs no average pool).")
  private Integer imageSize;

  ConfigHints hints() {
    return new ConfigHints(layers, imageSize);
  }
}
