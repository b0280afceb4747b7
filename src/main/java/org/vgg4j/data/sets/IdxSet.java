package org.vgg4j.data.sets;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Reads data sets in MNIST's form: MNIST, KMNIST, EMNIST and the like, of any size of images and
 * any number of classes.
 *
 * <p>The classes are the labels of the mapping file, else those of the training set, in ascending
 * order. EMNIST's images, whose rows and columns are exchanged in its files, are turned upright.
 */
final class IdxSet {
  private static final String EMNIST = "emnist";

  private IdxSet() {}

  /**
   * Reads a set.
   *
   * @param folder where its files are
   * @throws InvalidInputException when a file is damaged, or they do not belong together
   */
  static DataSet read(Path folder, IdxFiles files) {
    String own = folder.toAbsolutePath().normalize().getFileName().toString();
    String name = files.prefix().isEmpty() ? own : files.prefix();
    boolean isTurned =
        files.prefix().toLowerCase(Locale.ROOT).startsWith(EMNIST)
            || own.toLowerCase(Locale.ROOT).startsWith(EMNIST);
    Part train = Part.read(files.trainImages(), files.trainLabels());
    Part test = Part.read(files.testImages(), files.testLabels());
    SortedMap<Integer, String> classes =
        files.mapping() == null ? numbers(train.labels) : ClassMapping.read(files.mapping());
    if (classes.size() == 1) {
      throw new InvalidInputException(
          "%s has one class only, %s; a net needs at least two"
              .formatted(files.trainLabels(), classes.get(classes.firstKey())));
    }
    return new LoadedSet(
        name,
        train.images(name + " (train)", classes, isTurned),
        test.images(name + " (test)", classes, isTurned),
        false);
  }

  private static SortedMap<Integer, String> numbers(IdxFile labels) {
    SortedMap<Integer, String> classes = new TreeMap<>();
    for (byte label : labels.bytes()) {
      classes.computeIfAbsent(label & 0xFF, String::valueOf);
    }
    return classes;
  }

  /** Images and their labels. */
  private record Part(IdxFile images, IdxFile labels, Path labelFile) {
    static Part read(Path imageFile, Path labelFile) {
      Part part = new Part(IdxFile.read(imageFile, 3), IdxFile.read(labelFile, 1), labelFile);
      requireAsMany(imageFile, part.images.dims()[0], labelFile, part.labels.dims()[0]);
      return part;
    }

    ImageSource images(String name, SortedMap<Integer, String> classes, boolean isTurned) {
      int rows = images.dims()[1];
      int columns = images.dims()[2];
      return new InMemoryImages(
          name,
          new ImageShape(1, isTurned ? columns : rows, isTurned ? rows : columns),
          List.copyOf(classes.values()),
          isTurned ? exchanged(images.bytes(), rows, columns) : images.bytes(),
          numbered(classes));
    }

    /** Returns each label's place among the classes. */
    private int[] numbered(SortedMap<Integer, String> classes) {
      int[] places = new int[256];
      Arrays.fill(places, -1);
      int next = 0;
      for (int label : classes.keySet()) {
        places[label] = next++;
      }
      int[] numbers = new int[labels.bytes().length];
      for (int i = 0; i < numbers.length; i++) {
        int label = labels.bytes()[i] & 0xFF;
        numbers[i] = places[label];
        if (numbers[i] < 0) {
          throw new InvalidInputException(
              "%s: label %d of image %d is none of the %d classes, which are %s"
                  .formatted(
                      labelFile,
                      label,
                      i,
                      classes.size(),
                      Names.some(classes.keySet().stream().map(String::valueOf).toList())));
        }
      }
      return numbers;
    }
  }

  /** Refuses files of different sets. */
  static void requireAsMany(Path imageFile, int images, Path labelFile, int labels) {
    if (images != labels) {
      throw new InvalidInputException(
          "%s has %d images but %s has %d labels; they belong to different sets"
              .formatted(imageFile, images, labelFile, labels));
    }
  }

  /** Exchanges rows and columns of each image. */
  private static byte[] exchanged(byte[] pixels, int rows, int columns) {
    byte[] turned = new byte[rows * columns];
    for (int from = 0; from < pixels.length; from += turned.length) {
      for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
          turned[x * rows + y] = pixels[from + y * columns + x];
        }
      }
      System.arraycopy(turned, 0, pixels, from, turned.length);
    }
    return pixels;
  }
}
