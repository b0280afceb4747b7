package org.vgg4j;

import java.io.IOException;
import java.nio.file.Path;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;

/** The Java code of README.md. */
final class ReadmeExample {
  private ReadmeExample() {}

  static EpochMetrics train(String folder, Path model) throws IOException {
    // begin
    FashionMnist data = // from a folder; null finds or fetches the four files
        FashionMnist.load(folder, DataPlaces.ofThisMachine(), DownloadListener.NONE);
    VggConfig config =
        VggConfig.builder()
            .arch("vgg11")
            .channels(1)
            .classes(10)
            .imageSize(32)
            .width(new Width(1, 8))
            .build();
    TrainingOptions options = // epochs, batch size, learning rate, its schedule, seed
        new TrainingOptions(3, 64, 1e-3, LearningRateSchedule.LINEAR, 1);
    NetworkOptions batches =
        NetworkOptions.training(Trainer.batchSizes(options.batchSize(), data.train().size()));
    try (Backend engine = Backends.open("auto").backend();
        Vgg vgg = Vgg.build(config, Initialization.KAIMING, batches, engine);
        Trainer trainer = new Trainer(vgg, new Adam(), options)) {
      EpochMetrics last = trainer.fit(data.train(), data.test(), new TrainingListener() {});
      ModelFile.save(vgg, data.test().classNames(), model);
      return last;
    }
    // end
  }
}
