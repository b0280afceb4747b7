package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.vgg4j.tensor.InvalidInputException;

/** New folders for runs. */
public final class RunFolders {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private RunFolders() {}

  /**
   * Makes a folder that was not there, named after the time.
   *
   * @param parent is made when it is not there
   * @throws InvalidInputException when it cannot be written
   */
  public static Path newIn(Path parent) {
    String time = TIME.format(LocalDateTime.now(ZoneId.systemDefault()));
    try {
      Files.createDirectories(parent);
      for (int number = 1; ; number++) {
        try {
          return Files.createDirectory(parent.resolve(number == 1 ? time : time + "-" + number));
        } catch (FileAlreadyExistsException e) {
          // Another run that began within the same second.
        }
      }
    } catch (IOException e) {
      throw InvalidInputException.of(
          "out", "%s cannot be written (%s); name another folder".formatted(parent, reason(e)), e);
    }
  }

  /** Returns what was in the way: a file system's exceptions have only a name in their message. */
  static String reason(IOException e) {
    String name = e.getClass().getSimpleName().replace("Exception", "");
    return name + (e.getMessage() == null ? "" : ": " + e.getMessage());
  }
}
