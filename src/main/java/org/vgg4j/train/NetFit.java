package org.vgg4j.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.tensor.InvalidInputException;

/** Whether a net was built for a training. */
final class NetFit {
  private NetFit() {}

  /** Requires a net whose frozen layers are those of the options. */
  static void requireFrozen(Vgg vgg, List<String> said) {
    List<String> built = vgg.network().options().frozen();
    if (!Set.copyOf(Vgg.layers(vgg.config(), said)).equals(Set.copyOf(built))) {
      throw InvalidInputException.of(
          "freeze",
          "asks for %s, but the net was built with %s frozen; see NetworkOptions.withFrozen"
              .formatted(said, built));
    }
  }

  /** Returns how an epoch of so many images goes. */
  static BatchSchedule schedule(TrainingOptions options, int images, Shard shard) {
    return new BatchSchedule(
        images,
        Math.min(options.batchSize(), images),
        options.accumulate(),
        options.split(),
        shard);
  }

  /** Returns what ranks must have in common to train together. */
  static Map<String, String> facts(
      Vgg vgg,
      Preprocessing preprocessing,
      Optimizer optimizer,
      TrainingOptions options,
      ImageSource train,
      ImageSource test) {
    Map<String, String> facts = new LinkedHashMap<>();
    vgg.config().toMap().forEach((key, value) -> facts.put(key, String.valueOf(value)));
    facts.put("labelSmoothing", "" + vgg.network().options().labelSmoothing());
    facts.put("dropout's seed", "" + vgg.network().options().seed());
    facts.put("preprocessing", preprocessing.toString());
    facts.put("optimizer", optimizer.toString());
    facts.put("epochs", "" + options.epochs());
    facts.put("batchSize", "" + options.batchSize());
    facts.put("accumulate", "" + options.accumulate());
    facts.put("learningRate", "" + options.learningRate());
    facts.put("learningRateSchedule", options.schedule() + " " + options.scheduleOptions());
    facts.put("seed", "" + options.seed());
    facts.put("passes", "" + options.split());
    facts.put("updates", "" + options.updates());
    facts.put("augmentation", "" + options.augmentation());
    facts.putAll(DataFacts.of("training", train));
    facts.putAll(DataFacts.of("test", test));
    return facts;
  }

  /** Requires a net for the batch sizes of a rank. */
  static void requireBatchSizes(Vgg vgg, TrainingOptions options, int images, Shard shard) {
    List<Integer> needed = schedule(options, images, shard).sizes();
    List<Integer> built = vgg.network().options().batchSizes();
    if (!built.containsAll(needed)) {
      boolean isShared = shard.world() > 1;
      boolean isSplit = options.split() > 1 || isShared;
      throw new InvalidInputException(
          ("%d images in batches of %d%s%s need a net for the batch sizes %s, but this one was"
                  + " built for %s; build it with NetworkOptions.training(Trainer.batchSizes(%2$d,"
                  + " %1$d%s%s))")
              .formatted(
                  images,
                  options.batchSize(),
                  options.split() == 1 ? "" : ", each in %d passes,".formatted(options.split()),
                  isShared ? " on rank %d of %d".formatted(shard.rank(), shard.world()) : "",
                  needed,
                  built,
                  isSplit ? ", " + options.split() : "",
                  isShared ? ", new Shard(%d, %d)".formatted(shard.rank(), shard.world()) : ""));
    }
  }
}
