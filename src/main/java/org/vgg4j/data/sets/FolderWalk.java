package org.vgg4j.data.sets;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.vgg4j.tensor.InvalidInputException;

/** What is in folders of pictures. Hidden names, those that start with a dot, are passed over. */
final class FolderWalk {
  /** The order of names that Python's sorted gives: by code points. */
  static final Comparator<String> BY_CODE_POINTS =
      (a, b) -> {
        for (int i = 0; i < Math.min(a.length(), b.length()); i++) {
          char left = a.charAt(i);
          char right = b.charAt(i);
          if (left != right) {
            // Halves of a code point above U+FFFF come after all others.
            return Character.isSurrogate(left) == Character.isSurrogate(right)
                ? left - right
                : Character.isSurrogate(left) ? 1 : -1;
          }
        }
        return a.length() - b.length();
      };

  /** The kinds of pictures in words. */
  static final String KINDS = "JPEG, PNG, WebP, GIF, BMP or TIFF, by their names' ends";

  private static final Set<String> EXTENSIONS =
      Set.of("jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff");

  private final Path root;
  private final FileListing listing;
  private final List<Object> chain = new ArrayList<>(); // the folders on the way from the class

  FolderWalk(Path root, FileListing listing) {
    this.root = root;
    this.listing = listing;
  }

  /**
   * What is directly in a folder.
   *
   * @param folders the names of its folders, sorted by code points
   * @param pictures how many of its files are pictures by name
   */
  record Content(List<String> folders, int pictures) {}

  /** Returns what is directly in a folder. */
  static Content content(Path folder) {
    int[] pictures = new int[1];
    return new Content(names(folder, name -> pictures[0]++), pictures[0]);
  }

  /** Lists the pictures of a class: those directly in its folder, then those of each below. */
  void list(String name) {
    visit(name);
  }

  private void visit(String name) {
    Path folder = root.resolve(name);
    try {
      Object key = key(folder);
      if (chain.contains(key)) {
        throw new FileSystemLoopException(folder.toString());
      }
      listing.begin(name);
      List<String> below = names(folder, listing::add);
      listing.end();
      chain.add(key);
      for (String next : below) {
        visit(name + "/" + next);
      }
      chain.remove(chain.size() - 1);
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  /** Returns what tells a folder from others, also through a symbolic link. */
  private static Object key(Path folder) throws IOException {
    Object key = Files.readAttributes(folder, BasicFileAttributes.class).fileKey();
    return key == null ? folder.toRealPath() : key; // Windows has none
  }

  private static List<String> names(Path folder, Consumer<String> pictures) {
    List<String> folders = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.startsWith(".")) {
          continue;
        }
        requireText(folder, name);
        if (Files.isDirectory(entry)) {
          folders.add(name);
        } else if (isPicture(name)) {
          pictures.accept(name);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw unreadable(folder, e.getCause());
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    folders.sort(BY_CODE_POINTS);
    return folders;
  }

  /** Where the locale has no letters for a name, Java reads it as another, which is no file's. */
  private static void requireText(Path folder, String name) {
    if (name.indexOf('\uFFFD') >= 0 && !Files.exists(folder.resolve(name))) {
      throw new InvalidInputException(
          "%s has a name that is no text here: %s; set LC_ALL=C.UTF-8, or rename it in UTF-8"
              .formatted(folder, name));
    }
  }

  private static boolean isPicture(String name) {
    String end = name.substring(name.lastIndexOf('.') + 1);
    return end.length() < name.length() && EXTENSIONS.contains(end.toLowerCase(Locale.ROOT));
  }

  private static InvalidInputException unreadable(Path folder, IOException e) {
    if (e instanceof FileSystemLoopException) {
      return new InvalidInputException(
          folder + " is a symbolic link to a folder that it lies in; remove the link", e);
    }
    String why = e instanceof AccessDeniedException ? "permission denied" : Download.reason(e);
    return new InvalidInputException(folder + " cannot be read: " + why, e);
  }
}
