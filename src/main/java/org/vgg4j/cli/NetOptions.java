package org.vgg4j.cli;

import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.VggConfigBuilder;
import org.vgg4j.nn.Width;
import picocli.CommandLine.Option;

/** The flags that describe a net; those not given leave a recipe's choice. */
final class NetOptions {
  @Option(
      names = "--arch",
      paramLabel = "NAME",
      description = "vgg11, vgg11-lrn, vgg13, vgg16-1x1, vgg16 or vgg19.")
  private String arch;

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      description =
          "The layers instead of an arch, such as 64,M,128,M: channels of 3x3 convolutions, those"
              + " of 1x1 ones with c1 behind, M for a max-pool, L for local response"
              + " normalization.")
  private String layers;

  @Option(
      names = "--batch-norm",
      negatable = true,
      description = "Batch norm after each convolution, or none.")
  private Boolean batchNorm;

  @Option(names = "--channels", paramLabel = "N", description = "Channels of an image.")
  private Integer channels;

  @Option(names = "--classes", paramLabel = "N", description = "Number of classes.")
  private Integer classes;

  @Option(
      names = "--image-size",
      paramLabel = "PIXELS",
      description = "Side of the net's images, a multiple of 2 for each pool.")
  private Integer imageSize;

  @Option(
      names = "--width",
      paramLabel = "FRACTION",
      description = "Share of the paper's channels and hidden features, such as 1/8.")
  private String width;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Dropout probability in the classifier.")
  private Double dropout;

  /** Returns a net with what was given changed. */
  VggConfig apply(VggConfig net) {
    VggConfigBuilder builder = net.toBuilder();
    if (arch != null) {
      builder.arch(arch);
    }
    if (layers != null) {
      builder.layers(layers);
    }
    if (batchNorm != null) {
      builder.batchNorm(batchNorm);
    }
    if (channels != null) {
      builder.channels(channels);
    }
    if (classes != null) {
      builder.classes(classes);
    }
    if (imageSize != null) {
      builder.imageSize(imageSize);
    }
    if (width != null) {
      builder.width(Width.parse(width));
    }
    if (dropout != null) {
      builder.dropout(dropout);
    }
    return builder.build();
  }
}
