package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.BETWEEN_EPOCHS;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.LONG;
import static org.vgg4j.run.Setting.Form.REAL;
import static org.vgg4j.run.Setting.Form.SIDE;
import static org.vgg4j.run.Setting.Form.TEXT;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.vgg4j.data.decoding.CacheOptions;
import org.vgg4j.data.decoding.OnBadImage;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataSets;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.Choice;

/** The settings of the images. */
final class DataSettings {
  static final List<Setting<RunSetup, ?>> ALL = new ArrayList<>();

  /** Which data; the flag takes a folder too, which {@code dataFrom} keeps. */
  static final Setting<RunSetup, String> DATA =
      run("data", TEXT, setup -> setup.data().name())
          .flag(
              "--data DIR",
              "Folder of pictures (DIR/train/CLASS/... and DIR/val/CLASS/..., or DIR/CLASS/... with"
                  + " --split), of an IDX set's four files, or of CIFAR's binary files; or one of "
                  + String.join(", ", DataSets.NAMES),
              "Fashion-MNIST: the folder of VGG4J_DATA, the cache, Debian's folder, a download, and"
                  + " last the sample")
          .in(ALL, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Double> SPLIT =
      run("heldOut", REAL, setup -> setup.split() == null ? null : (Double) setup.split().share())
          .flag(
              "--split SHARE",
              "Share of each class of a folder of pictures to hold out, to test on, such as 0.1",
              "none")
          .in(ALL, BETWEEN_EPOCHS);

  /** What a split is drawn from: the seed of the run's beginning. */
  static final Setting<RunSetup, Long> SPLIT_SEED =
      run("heldOutSeed", LONG, setup -> setup.split() == null ? null : (Long) setup.split().seed())
          .changedBy(SPLIT)
          .in(ALL, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Integer> CACHE_SIZE =
      run("cacheSize", SIDE, setup -> ofPictures(setup, CacheOptions::shorterSide))
          .flag(
              "--cache-size N",
              "Longest shorter side that decoded pictures are kept with, in pixels, or full",
              "what the net is given")
          .in(ALL, BETWEEN_EPOCHS);

  static final Setting<RunSetup, String> ON_BAD_IMAGE =
      run("onBadImage", TEXT, setup -> ofPictures(setup, how -> Choice.name(how.onBadImage())))
          .flag(
              "--on-bad-image WHAT",
              "What to do about a picture that cannot be read: stop, or skip (leave it out)",
              "stop")
          .in(ALL, ALWAYS);

  static final Setting<RunSetup, Integer> TRAIN_IMAGES =
      run("trainImages", COUNT, setup -> setup.data().train().size())
          .flag("--train-limit N", "Use only the first N training images", "all")
          .changedBy(DATA, SPLIT)
          .in(ALL, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Integer> TEST_IMAGES =
      run("testImages", COUNT, setup -> setup.data().test().size())
          .flag("--test-limit N", "Use only the first N test images", "all")
          .changedBy(DATA, SPLIT)
          .in(ALL, ALWAYS);

  static {
    run("trainCrc32c", TEXT, setup -> setup.data().train().checksum())
        .changedBy(DATA, TRAIN_IMAGES, SPLIT, CACHE_SIZE)
        .in(ALL, BETWEEN_EPOCHS);
  }

  static final Setting<RunSetup, String> TEST_CHECKSUM =
      run("testCrc32c", TEXT, setup -> setup.data().test().checksum())
          .changedBy(DATA, TEST_IMAGES, SPLIT, CACHE_SIZE)
          .in(ALL, ALWAYS);

  /** Where the images lie, none on another engine than the GPU's. */
  static final Setting<RunSetup, String> DATA_ON =
      run("dataOn", TEXT, setup -> setup.onGpu(engine -> Choice.name(setup.dataOn())))
          .flag(
              "--data-on PLACE",
              "Where the images lie: device (the GPU's memory), host, or auto (device if they fit)",
              "auto")
          .orElse("auto")
          .changedBy(DeviceSettings.DEVICE)
          .in(ALL, ALWAYS);

  private DataSettings() {}

  /** Returns what a run of pictures has, null for another. */
  private static <T> T ofPictures(RunSetup setup, Function<CacheOptions, T> value) {
    return setup.data().pictures() ? value.apply(setup.request().pictures()) : null;
  }

  /**
   * Returns how pictures are decoded: with nothing said, as large as a preprocessing wants them,
   * which then has nothing to resize.
   */
  static CacheOptions pictures(Map<String, ?> config, Preprocessing how) {
    Integer side = CACHE_SIZE.find(config);
    String bad = ON_BAD_IMAGE.find(config);
    return CacheOptions.of(
        side == null ? how.resize() : side,
        bad == null ? OnBadImage.STOP : Choice.of(ON_BAD_IMAGE.key(), OnBadImage.class, bad));
  }

  private static <T> Setting<RunSetup, T> run(
      String key, Form<T> form, Function<RunSetup, T> reader) {
    return Setting.of(key, form, reader);
  }
}
