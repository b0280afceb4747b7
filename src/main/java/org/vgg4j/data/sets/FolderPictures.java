package org.vgg4j.data.sets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.data.decoding.PictureList;
import org.vgg4j.tensor.InvalidInputException;

/** The pictures of a folder of classes: class by class, the names on disk. */
final class FolderPictures implements PictureList {
  private static final Logger LOG = LoggerFactory.getLogger(FolderPictures.class);

  /** How many files are listed until something is said: some ten seconds. */
  private static final int NEWS = 500_000;

  private final String name;
  private final Path root;
  private final List<String> classNames;
  private final int[] ends; // of each class
  private final FileListing listing;

  private FolderPictures(
      String name, Path root, List<String> classNames, int[] ends, FileListing listing) {
    this.name = name;
    this.root = root;
    this.classNames = classNames;
    this.ends = ends;
    this.listing = listing;
  }

  /**
   * Lists a folder.
   *
   * @param name in messages
   * @param root the folder of the classes' folders
   * @param temporary a folder for the names
   * @throws InvalidInputException when a class is empty, or something cannot be read
   */
  static FolderPictures list(String name, Path root, List<String> classNames, Path temporary) {
    int[] ends = new int[classNames.size()];
    List<String> empty = new ArrayList<>();
    try (FileListing listing = FileListing.in(temporary)) {
      FolderWalk walk = new FolderWalk(root, listing);
      for (int c = 0; c < ends.length; c++) {
        int before = listing.size();
        walk.list(classNames.get(c));
        ends[c] = listing.size();
        if (ends[c] / NEWS > before / NEWS) {
          LOG.info("{}: {} pictures are listed so far", root, ends[c]);
        }
        if (ends[c] == before) {
          empty.add(classNames.get(c));
        }
      }
      if (!empty.isEmpty()) {
        throw new InvalidInputException(
            "%s has no pictures (%s) of %s: add some, or remove the class"
                .formatted(root, FolderWalk.KINDS, Names.some(empty)));
      }
      return new FolderPictures(name, root, List.copyOf(classNames), ends, listing);
    } catch (UncheckedIOException e) {
      throw notKept(temporary, e.getCause());
    } catch (IOException e) {
      throw notKept(temporary, e);
    }
  }

  private static InvalidInputException notKept(Path temporary, IOException e) {
    return new InvalidInputException(
        "the list of the pictures cannot be kept in %s: %s; XDG_CACHE_HOME names another folder"
            .formatted(temporary, Download.reason(e)),
        e);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int size() {
    return listing.size();
  }

  @Override
  public Path file(int index) {
    return listing.file(root, Objects.checkIndex(index, size()));
  }

  @Override
  public int label(int index) {
    Objects.checkIndex(index, size());
    int at = Arrays.binarySearch(ends, index + 1);
    return at < 0 ? -at - 1 : at;
  }
}
