package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Finds data sets: Fashion-MNIST, CIFAR, sets in MNIST's form (IDX), and folders of pictures.
 *
 * @param places where named sets are searched for
 * @param listener hears of downloads
 * @param opener makes images of pictures
 */
public record DataSets(DataPlaces places, DownloadListener listener, PictureOpener opener) {
  /** The names that are no folders. */
  public static final List<String> NAMES =
      Stream.concat(
              Stream.of(FashionMnist.WHOLE, FashionMnist.SAMPLE),
              Arrays.stream(Cifar.values()).map(Cifar::label))
          .toList();

  /**
   * Finds a data set.
   *
   * @param data one of {@link #NAMES}; a folder of one of the forms above; null for Fashion-MNIST
   *     or its sample
   * @param split what to hold out of a folder of pictures without parts; null for nothing
   * @throws InvalidInputException when there is no such set, it is damaged, or it has a part of its
   *     own to test on although something is to be held out
   */
  public DataSet find(String data, Split split) {
    if (data != null && !NAMES.contains(data)) {
      return folder(path(data), split);
    }
    if (split != null) {
      throw split(data == null ? FashionMnist.WHOLE : data);
    }
    for (Cifar set : Cifar.values()) {
      if (set.label().equals(data)) {
        return CifarFiles.findOrDownload(set, places, listener);
      }
    }
    return LoadedSet.of(FashionMnist.load(data, places, listener));
  }

  private static InvalidInputException split(Object set) {
    return InvalidInputException.of(
        Split.FIELD, "is for folders of pictures; %s has its own part to test on".formatted(set));
  }

  private static Path path(String data) {
    try {
      return Path.of(data);
    } catch (InvalidPathException e) {
      throw InvalidInputException.of("data", "cannot name a folder: " + e.getReason(), e);
    }
  }

  private DataSet folder(Path folder, Split split) {
    DataSet files = files(folder);
    if (files == null) {
      ImageFolder.requireFolder(folder);
      return new ImageFolder(folder, split, places.lists(), opener);
    }
    if (split != null) {
      throw split(folder);
    }
    return files;
  }

  /** Returns a set that is a few files, null where there is none. */
  private DataSet files(Path folder) {
    if (!Files.isDirectory(folder)) {
      Path parent = folder.toAbsolutePath().getParent();
      IdxFiles idx =
          parent == null || folder.getFileName() == null
              ? null
              : IdxFiles.named(parent, folder.getFileName().toString());
      return idx == null ? null : IdxSet.read(parent, idx);
    }
    DataSet cifar = CifarFiles.in(folder);
    if (cifar != null) {
      return cifar;
    }
    IdxFiles idx = IdxFiles.in(folder);
    if (idx == null) {
      return null;
    }
    return isFashionMnist(folder, idx)
        ? LoadedSet.of(FashionMnist.load(folder.toString(), places, listener))
        : IdxSet.read(folder, idx);
  }

  /** By the folder's name, or by the labels that only it has. */
  private boolean isFashionMnist(Path folder, IdxFiles idx) {
    if (!idx.prefix().isEmpty() || !FashionMnistFiles.areIn(folder)) {
      return false;
    }
    try {
      Path real = folder.toRealPath();
      boolean isSample =
          Files.isDirectory(places.sample()) && Files.isSameFile(real, places.sample());
      boolean isNamed =
          real.getFileName() != null
              && real.getFileName().toString().toLowerCase(Locale.ROOT).contains("fashion");
      return isSample || isNamed || FashionMnistFiles.hasItsLabels(idx.testLabels());
    } catch (IOException e) {
      throw new InvalidInputException(folder + " cannot be read: " + Download.reason(e), e);
    }
  }
}
