package org.vgg4j.backend.onednn;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.vgg4j.tensor.ChoiceCache;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Usage;

/**
 * The orders of images of each layer: those of the run to repeat, else those that were timed on
 * this machine, else those that are timed now if that was asked for, else those of the table.
 */
final class LayerOrders {
  private static final String PREFIX = "orders of ";

  private final Dnnl dnnl;
  private final OrderTuning tuning;
  private final ChoiceCache cache;
  private final Map<String, String> chosen = new TreeMap<>();
  private ConvOrders present; // of the block that is being planned; null for those of the table

  LayerOrders(Dnnl dnnl, OrderTuning tuning) {
    this.dnnl = dnnl;
    this.tuning = tuning;
    String name =
        "cpu-orders-4-%s-onednn%s-%s-%d.txt"
            .formatted(
                Dnnl.instructionSet().replaceAll("[^A-Za-z0-9]+", "-"),
                Dnnl.version(),
                dnnl.types().activation(),
                dnnl.threads());
    cache = new ChoiceCache(tuning.cache() == null ? null : tuning.cache().resolve(name));
  }

  /** Returns what does not come from the table: layer to orders. */
  Map<String, String> choices() {
    return Map.copyOf(chosen);
  }

  /** Returns the orders of a convolution, of the block that is being planned or of none. */
  ConvOrders of(Conv2dSpec spec) {
    return present != null ? present : table(spec);
  }

  private ConvOrders table(Conv2dSpec spec) {
    return OrderTable.of(spec, dnnl.options(), dnnl.types().activation());
  }

  /** Plans a block whose convolution takes the orders given. */
  ConvBlockPlan with(ConvOrders orders, Supplier<ConvBlockPlan> plan) {
    ConvOrders before = present;
    present = orders;
    try {
      return plan.get();
    } finally {
      present = before;
    }
  }

  /**
   * Returns the orders of a block over images; the same for every batch size, so that a part of a
   * batch needs no timing of its own.
   */
  ConvOrders choose(ConvBlockSpec spec, OneDnnLayout x, Usage usage, OrderTimer timer) {
    if (!usage.training() || (tuning.choices().isEmpty() && !tuning.times())) {
      return table(spec.conv());
    }
    String layer = text(spec, x, usage);
    ConvOrders known = known(layer);
    if (known == null && !tuning.times()) {
      return table(spec.conv());
    }
    if (known == null) {
      known = timer.fastest(spec, x, usage, table(spec.conv()));
      cache.put(layer, known.text());
    }
    chosen.put(layer, known.text());
    return known;
  }

  private ConvOrders known(String layer) {
    for (Map<String, String> all : List.of(chosen, tuning.choices())) {
      if (all.containsKey(layer)) {
        return ConvOrders.of(all.get(layer));
      }
    }
    String cached = tuning.times() ? cache.get(layer) : null;
    return cached == null ? null : ConvOrders.of(cached);
  }

  private static String text(ConvBlockSpec spec, OneDnnLayout x, Usage usage) {
    Conv2dSpec conv = spec.conv();
    ImageOrder order = ImageOrder.of(x);
    return PREFIX
        + "%d>%d %dx%d+%d on %dx%d %s%s%s%s%s"
            .formatted(
                conv.inChannels(),
                conv.outChannels(),
                conv.kernel(),
                conv.kernel(),
                conv.padding(),
                x.shape().dim(2),
                x.shape().dim(3),
                order == null ? "other" : order.text(),
                spec.batchNorm() == null ? "" : " norm",
                spec.pool() == null ? "" : " pool",
                usage.inputGradient() ? "" : " first",
                usage.weightGradients() ? "" : " fixed");
  }
}
