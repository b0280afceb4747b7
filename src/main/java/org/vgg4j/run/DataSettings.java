package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.BETWEEN_EPOCHS;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.TEXT;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
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
              "Folder of Fashion-MNIST's four files, or fashion-mnist, or sample",
              "the folder of VGG4J_DATA, the cache, Debian's folder, a download, and last the"
                  + " sample")
          .in(ALL, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Integer> TRAIN_IMAGES =
      run("trainImages", COUNT, setup -> setup.data().train().size())
          .flag("--train-limit N", "Use only the first N training images", "all")
          .changedBy(DATA)
          .in(ALL, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Integer> TEST_IMAGES =
      run("testImages", COUNT, setup -> setup.data().test().size())
          .flag("--test-limit N", "Use only the first N test images", "all")
          .changedBy(DATA)
          .in(ALL, ALWAYS);

  static {
    run("trainCrc32c", TEXT, setup -> setup.data().train().checksum())
        .changedBy(DATA, TRAIN_IMAGES)
        .in(ALL, BETWEEN_EPOCHS);
    run("testCrc32c", TEXT, setup -> setup.data().test().checksum())
        .changedBy(DATA, TEST_IMAGES)
        .in(ALL, ALWAYS);
  }

  /** Where the images lie, none on another engine than the GPU's. */
  static final Setting<RunSetup, String> DATA_ON =
      run("dataOn", TEXT, setup -> setup.onGpu(engine -> Choice.name(setup.dataOn())))
          .flag(
              "--data-on PLACE",
              "Where the images lie: device (the GPU's memory), host, or auto (device if they fit)",
              "auto")
          .changedBy(DeviceSettings.DEVICE)
          .in(ALL, ALWAYS);

  private DataSettings() {}

  private static <T> Setting<RunSetup, T> run(
      String key, Form<T> form, Function<RunSetup, T> reader) {
    return Setting.of(key, form, reader);
  }
}
