package org.vgg4j.data.sets;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.decoding.PictureList;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A folder of pictures, a folder for each class as torchvision's ImageFolder wants them: with its
 * own parts (train, and val or test), or all in one.
 */
final class ImageFolder implements DataSet {
  private static final String LAYOUT =
      "a folder of pictures has DIR/train/CLASS/... and DIR/val/CLASS/... (or test), or"
          + " DIR/CLASS/... with --split 0.1";

  private final Path folder;
  private final Path train; // null where all is in one
  private final Path validation; // that is measured after each epoch; null where there is none
  private final Path test; // to measure a model with; null where there is none
  private final Split split; // null where none was asked for
  private final List<String> classNames;
  private final Path temporary;
  private final PictureOpener opener;

  /**
   * Looks what the folder has; pictures are not listed yet.
   *
   * @param split what to hold out of a folder without parts, null for nothing
   * @param temporary a folder for lists of names
   * @throws InvalidInputException when the folder is not one of pictures
   */
  ImageFolder(Path folder, Split split, Path temporary, PictureOpener opener) {
    this.folder = folder;
    this.split = split;
    this.temporary = temporary;
    this.opener = opener;
    FolderWalk.Content content = FolderWalk.content(folder);
    List<Path> held =
        Stream.of("val", "test").filter(content.folders()::contains).map(folder::resolve).toList();
    boolean hasParts =
        content.folders().contains("train")
            && (!held.isEmpty() || content.folders().size() == 1)
            && !FolderWalk.content(folder.resolve("train")).folders().isEmpty();
    train = hasParts ? folder.resolve("train") : null;
    validation = hasParts && !held.isEmpty() ? held.get(0) : null;
    test = hasParts && !held.isEmpty() ? held.get(held.size() - 1) : null;
    if (split != null && validation != null) {
      throw InvalidInputException.of(
          Split.FIELD,
          "holds out what %s has already, in %s; leave it out".formatted(folder, validation));
    }
    classNames = hasParts ? classes(train) : classes(folder, content);
    for (Path part : hasParts ? held : List.<Path>of()) {
      requireSame(part);
    }
  }

  private static List<String> classes(Path folder) {
    return classes(folder, FolderWalk.content(folder));
  }

  private static List<String> classes(Path folder, FolderWalk.Content content) {
    List<String> classes = content.folders();
    if (classes.isEmpty()) {
      String what =
          content.pictures() > 0
              ? "has %d pictures, but no folder for each class".formatted(content.pictures())
              : "has neither folders of pictures nor files of a data set";
      throw InvalidInputException.of("data", folder + " " + what + "; " + LAYOUT);
    }
    if (classes.size() == 1) {
      throw InvalidInputException.of(
          "data",
          "%s has one class only, %s; a net needs at least two; %s"
              .formatted(folder, classes.get(0), LAYOUT));
    }
    return classes;
  }

  private void requireSame(Path part) {
    FolderWalk.Content content = FolderWalk.content(part);
    List<String> others = content.folders().isEmpty() ? classes(part, content) : content.folders();
    List<String> lacking = new ArrayList<>(classNames);
    lacking.removeAll(others);
    List<String> more = new ArrayList<>(others);
    more.removeAll(classNames);
    if (!lacking.isEmpty() || !more.isEmpty()) {
      throw InvalidInputException.of(
          "data",
          "%s and %s have other classes: %s"
              .formatted(
                  train,
                  part,
                  Stream.of(only(train, lacking), only(part, more))
                      .filter(text -> !text.isEmpty())
                      .reduce((a, b) -> a + "; " + b)
                      .orElseThrow()));
    }
  }

  private static String only(Path part, List<String> names) {
    return names.isEmpty() ? "" : "only " + part.getFileName() + " has " + Names.some(names);
  }

  @Override
  public String name() {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? folder.toString() : last.toString();
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int channels() {
    return 3;
  }

  @Override
  public boolean hasPictures() {
    return true;
  }

  @Override
  public Parts parts() {
    Path all = train == null ? folder : train;
    if (validation == null) {
      if (split == null) {
        throw InvalidInputException.of(
            "data",
            "%s has no part to test on; hold out a tenth with --split 0.1, or put pictures into %s"
                .formatted(folder, folder.resolve(train == null ? "train and val" : "val")));
      }
      return split.of(opener.open(list(all)));
    }
    // Both are listed before the first is opened, which may take long.
    PictureList trained = list(train);
    PictureList tested = list(validation);
    return new Parts(opener.open(trained), opener.open(tested));
  }

  @Override
  public ImageSource test() {
    if (test != null) {
      return opener.open(list(test));
    }
    boolean isAllToTest = split == null && train == null;
    return isAllToTest ? opener.open(list(folder)) : parts().test();
  }

  private PictureList list(Path part) {
    String name = part.equals(folder) ? name() : name() + " (" + part.getFileName() + ")";
    return FolderPictures.list(name, part, classNames, temporary);
  }

  /** Requires a folder that can be looked into. */
  static void requireFolder(Path folder) {
    if (!Files.exists(folder)) {
      throw InvalidInputException.of("data", folder + " does not exist");
    }
    if (!Files.isDirectory(folder)) {
      throw InvalidInputException.of("data", folder + " is a file, not a folder; " + LAYOUT);
    }
  }
}
