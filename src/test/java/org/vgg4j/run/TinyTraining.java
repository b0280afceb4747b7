package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.vgg4j.collective.Collective;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.ImageStatistics;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.io.FileOperations;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.train.Snapshot;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;
import org.vgg4j.train.TrainingState;

/** Trains a very small net with batch norm and dropout, with checkpoints, on an engine. */
final class TinyTraining {
  static final Path FOLDER = Path.of("/run");
  private static final int IMAGES = 22; // batches of 4, the last of 2
  private static final VggConfig NET = net("3,M,4,M", true);

  /** A net of whose convolutions some read nothing but a batch norm's output. */
  static final VggConfig IN_A_ROW = net("3,8,M,4,8,5,M", true);

  /** Images that are resized, cropped, flipped and shifted. */
  static final Augmentation VARIED =
      Augmentation.NONE
          .withScale(8, 11)
          .withFlip(true)
          .withColorShift(1)
          .withStatistics(ImageStatistics.of(images(), Preprocessing.of(1, 8)));

  static final VggConfig PLAIN = net("3,8,M,4,8,5,M", false);

  private final Backend backend;
  private final String optimizer;
  private final TrainingOptions options;
  final List<String> reports = Collections.synchronizedList(new ArrayList<>());
  NanPolicy nanPolicy = NanPolicy.STOP;
  int keep = 3;
  VggConfig net = NET;
  Recomputation recomputation = Recomputation.NONE;

  TinyTraining(Backend backend, String optimizer, TrainingOptions options) {
    this.backend = backend;
    this.optimizer = optimizer;
    this.options = options;
  }

  private static VggConfig net(String layers, boolean batchNorm) {
    return VggConfig.builder()
        .layers(layers)
        .batchNorm(batchNorm)
        .channels(1)
        .classes(3)
        .imageSize(8)
        .hidden(5)
        .dropout(0.3)
        .build();
  }

  /** Hears of each step, after its checkpoint was asked for. */
  interface Steps {
    void finished(Trainer trainer, Vgg vgg);
  }

  int steps() {
    return options.epochs() * new BatchSchedule(IMAGES, 4, options.accumulate()).steps();
  }

  /**
   * Goes on from the newest checkpoint until the end or until {@code steps} stops it.
   *
   * @return where the training stands then
   */
  TrainingState run(FileOperations files, CheckpointInterval interval, Steps steps)
      throws IOException {
    ImageSource data = images();
    RunDirectory run = new RunDirectory(FOLDER, files);
    CheckpointStore store = new CheckpointStore(run.checkpoints(), keep, files);
    CheckpointStore.Loaded newest = store.newestValid(reports::add);
    Snapshot from = newest == null ? null : newest.snapshot();
    Recipe recipe = new Recipe("tiny", net, Initialization.KAIMING, optimizer, 0.9, 1e-4, options);
    NetworkOptions start =
        recipe
            .networkOptions(Trainer.batchSizes(4, IMAGES, options.split()))
            .withRecomputation(recomputation)
            .withSeed(options.seed());
    try (Vgg vgg =
            Vgg.build(
                net,
                Initialization.KAIMING,
                from == null ? start : start.withoutInitialValues(),
                backend);
        Trainer trainer = new Trainer(vgg, recipe.newOptimizer(), options)) {
      if (from != null) {
        trainer.restore(from);
        run.writeMetrics(from.state().finished());
      }
      Checkpointer.Contents contents =
          new Checkpointer.Contents(
              net, recipe.preprocessing(), data.classNames(), Map.of("seed", options.seed()));
      try (Checkpointer checkpointer =
          new Checkpointer(
              trainer,
              Collective.alone(),
              run,
              store,
              () -> contents,
              interval,
              from == null ? null : from.state(),
              reports::add)) {
        TrainingListener listener =
            new TrainingListener() {
              @Override
              public void stepDone(long step) {
                steps.finished(trainer, vgg);
              }
            };
        checkpointer.fit(nanPolicy, data, data, listener);
        return trainer.state();
      }
    }
  }

  static ImageSource images() {
    byte[] pixels = new byte[IMAGES * 64];
    int[] labels = new int[IMAGES];
    long key = CounterRandom.key(3, 3, 3);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    for (int i = 0; i < IMAGES; i++) {
      labels[i] = i % 3;
    }
    return new InMemoryImages(
        "random", new ImageShape(1, 8, 8), List.of("a", "b", "c"), pixels, labels);
  }
}
