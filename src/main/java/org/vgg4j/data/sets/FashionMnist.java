package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Fashion-MNIST: 28x28 grey images of ten kinds of clothing, 60,000 to train and 10,000 to test.
 * Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
 * learning algorithms", 2017.
 *
 * @param train the training set
 * @param test the test set
 * @param folder where it was read from
 * @param isSample whether this is the sample, whose results must not be mistaken for the whole
 *     set's
 */
public record FashionMnist(ImageSource train, ImageSource test, Path folder, boolean isSample) {
  private static final Logger LOG = LoggerFactory.getLogger(FashionMnist.class);

  /** The names of the classes, label 0 first. */
  public static final List<String> CLASS_NAMES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  /** The name of the sample, which is not a folder. */
  public static final String SAMPLE = "sample";

  private static final String SAMPLE_OF_CHECKOUT = "the sample of ./vgg's checkout";

  /** The name of the whole set, wherever it is found. */
  public static final String WHOLE = "fashion-mnist";

  /**
   * Finds or downloads the whole set; falls back to the sample (see {@link #isSample}).
   *
   * @throws InvalidInputException when even the sample is missing, or files are damaged
   */
  public static FashionMnist load() {
    return load(null, DataPlaces.ofThisMachine(), DownloadListener.NONE);
  }

  /**
   * Loads the named data.
   *
   * @param data null as {@link #load()}; {@link #SAMPLE}; {@link #WHOLE}, which is found or
   *     downloaded; or a folder
   * @throws InvalidInputException when what was named is missing or damaged
   */
  public static FashionMnist load(String data, DataPlaces places, DownloadListener listener) {
    if (SAMPLE.equals(data)) {
      return sample(FashionMnistFiles.require(places.sample(), SAMPLE_OF_CHECKOUT));
    }
    if (data != null && !data.equals(WHOLE)) {
      return readNamed(FashionMnistFiles.require(folder(data), "data"), places);
    }
    FashionMnistFiles.Found found = FashionMnistFiles.findOrDownload(places, listener);
    if (found.folder() != null) {
      return readNamed(found.folder(), places);
    }
    if (data != null) {
      throw InvalidInputException.of("data", found.why());
    }
    if (!FashionMnistFiles.areIn(places.sample())) {
      throw InvalidInputException.of(
          "data", found.why() + "; nor is " + SAMPLE_OF_CHECKOUT + " in " + places.sample());
    }
    LOG.warn("{}", found.why());
    return sample(places.sample());
  }

  /** Reads a folder as the whole set, unless it is the sample's under another name. */
  private static FashionMnist readNamed(Path folder, DataPlaces places) {
    try {
      boolean sample =
          Files.isDirectory(places.sample()) && Files.isSameFile(folder, places.sample());
      return sample ? sample(folder) : read("fashion-mnist", false, folder);
    } catch (IOException e) {
      throw new InvalidInputException(folder + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Path folder(String data) {
    try {
      return Path.of(data);
    } catch (InvalidPathException e) {
      throw InvalidInputException.of("data", "cannot name a folder: " + e.getReason(), e);
    }
  }

  private static FashionMnist sample(Path folder) {
    return read("the sample of fashion-mnist", true, folder);
  }

  private static FashionMnist read(String name, boolean sample, Path folder) {
    return new FashionMnist(
        images(name + " (train)", folder, "train"),
        images(name + " (test)", folder, "t10k"),
        folder,
        sample);
  }

  private static ImageSource images(String name, Path folder, String prefix) {
    Path imageFile = FashionMnistFiles.find(folder, prefix + FashionMnistFiles.IMAGES);
    Path labelFile = FashionMnistFiles.find(folder, prefix + FashionMnistFiles.LABELS);
    IdxFile images = IdxFile.read(imageFile, 3);
    IdxFile labels = IdxFile.read(labelFile, 1);
    IdxSet.requireAsMany(imageFile, images.dims()[0], labelFile, labels.dims()[0]);
    try {
      int[] numbers = new int[labels.bytes().length];
      Arrays.setAll(numbers, i -> labels.bytes()[i] & 0xFF);
      ImageShape shape = new ImageShape(1, images.dims()[1], images.dims()[2]);
      return new InMemoryImages(name, shape, CLASS_NAMES, images.bytes(), numbers);
    } catch (InvalidInputException e) {
      throw new InvalidInputException(labelFile + ": " + e.getMessage(), e);
    }
  }
}
