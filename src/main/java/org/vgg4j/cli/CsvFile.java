package org.vgg4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.io.FileHandle;
import org.vgg4j.io.FileOperations;

/** Lines of cells, written in large pieces to a file that is there whole or not at all. */
final class CsvFile {
  private static final int BUFFER_CHARACTERS = 1 << 18;

  private final FileHandle target;
  private final StringBuilder line = new StringBuilder();
  private long written;

  private CsvFile(FileHandle target) {
    this.target = target;
  }

  /** Writes the lines of a file. */
  interface Lines {
    void write(CsvFile file) throws IOException;
  }

  static void write(Path file, Lines lines) throws IOException {
    long[] size = new long[1];
    AtomicFile.write(
        file,
        target -> {
          CsvFile csv = new CsvFile(target);
          lines.write(csv);
          csv.flush();
          size[0] = csv.written;
        },
        written -> {
          if (Files.size(written) != size[0]) {
            throw new IOException("the file reads back differently than written");
          }
        },
        FileOperations.SYSTEM);
  }

  /** Adds a cell, in quotes where RFC 4180 wants them. */
  CsvFile cell(String text) {
    if (line.length() > 0 && line.charAt(line.length() - 1) != '\n') {
      line.append(',');
    }
    boolean isPlain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    line.append(isPlain ? text : '"' + text.replace("\"", "\"\"") + '"');
    return this;
  }

  void end() throws IOException {
    line.append('\n');
    if (line.length() > BUFFER_CHARACTERS) {
      flush();
    }
  }

  private void flush() throws IOException {
    byte[] bytes = line.toString().getBytes(StandardCharsets.UTF_8);
    target.writeFully(ByteBuffer.wrap(bytes), written);
    written += bytes.length;
    line.setLength(0);
  }
}
