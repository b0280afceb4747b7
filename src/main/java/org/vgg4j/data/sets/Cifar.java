package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.tensor.InvalidInputException;

/**
 * CIFAR-10 and CIFAR-100 in their binary form: 32x32 colour images, 50,000 to train and 10,000 to
 * test. Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
 */
enum Cifar {
  /** Ten classes. */
  CIFAR10(
      "cifar-10",
      "cifar-10-batches-bin",
      "c32a1d4ab5d03f1284b67883e8d87530",
      "batches.meta.txt",
      1,
      "data_batch_1.bin data_batch_2.bin data_batch_3.bin data_batch_4.bin data_batch_5.bin",
      "test_batch.bin"),
  /** A hundred classes; their twenty groups are not read. */
  CIFAR100(
      "cifar-100",
      "cifar-100-binary",
      "03b5dce01913d631647c71ecec9e9cb8",
      "fine_label_names.txt",
      2,
      "train.bin",
      "test.bin");

  private static final ImageShape SHAPE = new ImageShape(3, 32, 32);

  private final String home;
  private final String folder;
  private final String md5;
  private final String names;
  private final int labels; // bytes before an image; the last is its class
  private final String train; // with spaces between
  private final String test;

  Cifar(
      String home, String folder, String md5, String names, int labels, String train, String test) {
    this.home = home;
    this.folder = folder;
    this.md5 = md5;
    this.names = names;
    this.labels = labels;
    this.train = train;
    this.test = test;
  }

  private List<String> trainFiles() {
    return List.of(train.split(" "));
  }

  /** Returns the name that --data takes. */
  String label() {
    return home.replaceFirst("-", "");
  }

  /** Returns the name of the archive at its home. */
  String archive() {
    return home + "-binary.tar.gz";
  }

  /** Returns the MD5 of the archive, as its home says it. */
  String md5() {
    return md5;
  }

  /** Returns the folder in the archive. */
  String folder() {
    return folder;
  }

  /** Returns the names of the files that are read. */
  List<String> files() {
    List<String> files = new ArrayList<>(trainFiles());
    files.add(test);
    files.add(names);
    return files;
  }

  /** Returns whether a folder is meant to be this set: it has a file of its name. */
  boolean isMeant(Path place) {
    return Files.isRegularFile(place.resolve(trainFiles().get(0)))
        || Files.isRegularFile(place.resolve(test));
  }

  /** Returns the names of the files that a folder lacks. */
  List<String> missing(Path place) {
    return files().stream().filter(name -> !Files.isRegularFile(place.resolve(name))).toList();
  }

  /**
   * Reads the set.
   *
   * @throws InvalidInputException when a file is missing or damaged
   */
  DataSet read(Path place) {
    if (!missing(place).isEmpty()) {
      throw InvalidInputException.of(
          "data",
          "%s lacks %s; the files of %s are %s"
              .formatted(
                  place, String.join(", ", missing(place)), label(), String.join(", ", files())));
    }
    List<String> classes = classNames(place.resolve(names));
    return new LoadedSet(
        label(),
        images(label() + " (train)", place, trainFiles(), classes),
        images(label() + " (test)", place, List.of(test), classes),
        false);
  }

  private static List<String> classNames(Path file) {
    try {
      List<String> classes =
          Files.readAllLines(file).stream().map(String::strip).filter(l -> !l.isEmpty()).toList();
      if (classes.size() < 2 || classes.size() > 256) {
        throw new InvalidInputException(
            "%s names %d classes; it must name 2 to 256, one a line"
                .formatted(file, classes.size()));
      }
      return classes;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private ImageSource images(String name, Path place, List<String> files, List<String> classes) {
    int record = labels + SHAPE.bytes();
    int[] counts = files.stream().mapToInt(file -> images(place.resolve(file), record)).toArray();
    int count = IntStream.of(counts).sum();
    byte[] pixels = new byte[count * SHAPE.bytes()];
    int[] numbers = new int[count];
    int image = 0;
    for (int f = 0; f < counts.length; f++) {
      Path file = place.resolve(files.get(f));
      byte[] bytes = bytes(file, classes);
      if (bytes.length != counts[f] * record) {
        throw new InvalidInputException(file + " changed while it was read");
      }
      for (int at = 0; at < bytes.length; at += record) {
        numbers[image] = bytes[at + labels - 1] & 0xFF;
        System.arraycopy(bytes, at + labels, pixels, image++ * SHAPE.bytes(), SHAPE.bytes());
      }
    }
    return new InMemoryImages(name, SHAPE, classes, pixels, numbers);
  }

  /** Returns how many images a file has. */
  private static int images(Path file, int record) {
    try {
      long size = Files.size(file);
      if (size == 0 || size % record != 0 || size / record > 100_000) {
        throw new InvalidInputException(
            ("%s is not a usable CIFAR file: it has %d bytes, which is no number (to 100,000) of"
                    + " images of %d; fetch it again")
                .formatted(file, size, record));
      }
      return (int) (size / record);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private byte[] bytes(Path file, List<String> classes) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      int record = labels + SHAPE.bytes();
      for (int at = labels - 1; at < bytes.length; at += record) {
        int label = bytes[at] & 0xFF;
        if (label >= classes.size()) {
          throw new InvalidInputException(
              "%s: label %d of image %d (byte %d) is not in 0..%d; fetch the file again"
                  .formatted(file, label, at / record, at, classes.size() - 1));
        }
      }
      return bytes;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static InvalidInputException unreadable(Path file, IOException e) {
    return new InvalidInputException(file + " cannot be read: " + Download.reason(e), e);
  }
}
