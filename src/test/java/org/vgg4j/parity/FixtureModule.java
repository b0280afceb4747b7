package org.vgg4j.parity;

import org.vgg4j.nn.BatchNorm2d;
import org.vgg4j.nn.Conv2d;
import org.vgg4j.nn.ConvBlock;
import org.vgg4j.nn.Dropout;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Linear;
import org.vgg4j.nn.LocalResponseNorm;
import org.vgg4j.nn.MaxPool2d;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Relu;
import org.vgg4j.nn.Sequential;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;

/** Builds a fixture's net of modules from the layout in its metadata. */
final class FixtureModule {
  /** The two ways to build it. */
  enum Style {
    /** Of blocks and of layers with a ReLU inside, as {@code Vgg} is. */
    BLOCKS,
    /** Every operation a module of its own, as in PyTorch. */
    SINGLE
  }

  private static final MaxPool2dSpec POOL = new MaxPool2dSpec(2, 2);
  private static final Initialization ANY = Initialization.KAIMING; // The fixture's values follow.

  private final Fixture fixture;
  private final Style style;
  private final Sequential features = new Sequential();
  private final Sequential classifier = new Sequential();
  private int index; // of the next feature, as PyTorch counts
  private int channels;

  private FixtureModule(Fixture fixture, Style style) {
    this.fixture = fixture;
    this.style = style;
    channels = fixture.x().dim(1);
  }

  static Module of(Fixture fixture, Style style) {
    return new FixtureModule(fixture, style).build();
  }

  private Module build() {
    String[] layout = fixture.metadata().get("layout").split(",");
    for (int i = 0; i < layout.length; i++) {
      String[] entry = layout[i].split(":");
      if (entry[0].equals("M")) {
        next(new MaxPool2d(POOL));
      } else if (entry[0].equals("LRN")) {
        next(new LocalResponseNorm(lrn(entry)));
      } else {
        boolean pool = i + 1 < layout.length && layout[i + 1].equals("M");
        int kernel = kernel(entry);
        int out = channels(entry);
        if (style == Style.BLOCKS) {
          i += pool ? 1 : 0;
          block(out, kernel, pool, next(layout, i + 1, out));
        } else {
          single(out, kernel);
        }
        channels = out;
      }
    }
    int flat = (int) features.outputShape(fixture.x()).elementCount() / fixture.batch();
    int hidden = number("hidden");
    linear(0, flat, hidden, true);
    linear(3, hidden, hidden, true);
    linear(6, hidden, number("classes"), false);
    return new Sequential().add("features", features).add("classifier", classifier);
  }

  private int number(String key) {
    return Integer.parseInt(fixture.metadata().get(key));
  }

  private boolean batchNorm() {
    return Boolean.parseBoolean(fixture.metadata().get("batch_norm"));
  }

  private static LrnSpec lrn(String[] entry) {
    return new LrnSpec(
        Integer.parseInt(entry[1]),
        Double.parseDouble(entry[2]),
        Double.parseDouble(entry[3]),
        Double.parseDouble(entry[4]));
  }

  private void next(Module module) {
    features.add(Integer.toString(index++), module);
  }

  private Conv2dSpec conv(int in, int out, int kernel) {
    return new Conv2dSpec(in, out, kernel, kernel / 2, !batchNorm(), false);
  }

  private static int kernel(String[] convolution) {
    return convolution[0].equals("1x1") ? 1 : 3;
  }

  private static int channels(String[] convolution) {
    return Integer.parseInt(convolution[convolution.length - 1]);
  }

  /** Returns the convolution that alone reads what comes before an entry, or null. */
  private Conv2dSpec next(String[] layout, int index, int in) {
    if (index == layout.length || layout[index].startsWith("M") || layout[index].startsWith("L")) {
      return null;
    }
    String[] entry = layout[index].split(":");
    return conv(in, channels(entry), kernel(entry));
  }

  private void block(int out, int kernel, boolean pool, Conv2dSpec next) {
    BatchNorm2dSpec norm = batchNorm() ? BatchNorm2dSpec.of(out, true) : null;
    ConvBlockSpec spec =
        new ConvBlockSpec(conv(channels, out, kernel), norm, pool ? POOL : null, next);
    String name = Integer.toString(index);
    features.addInline(new ConvBlock(spec, name, Integer.toString(index + 1), ANY));
    index += (batchNorm() ? 3 : 2) + (pool ? 1 : 0);
  }

  private void single(int out, int kernel) {
    next(new Conv2d(conv(channels, out, kernel), ANY));
    if (batchNorm()) {
      next(new BatchNorm2d(BatchNorm2dSpec.of(out, false)));
    }
    next(new Relu());
  }

  private void linear(int at, int in, int out, boolean relu) {
    boolean inside = relu && style == Style.BLOCKS;
    classifier.add(Integer.toString(at), new Linear(new LinearSpec(in, out, inside), ANY));
    if (relu && !inside) {
      classifier.add(Integer.toString(at + 1), new Relu());
    }
    if (relu) {
      classifier.add(Integer.toString(at + 2), new Dropout(0));
    }
  }
}
