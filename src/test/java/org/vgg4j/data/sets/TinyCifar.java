package org.vgg4j.data.sets;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** CIFAR's files with a few images, and the archives that hold them. */
final class TinyCifar {
  private static final int PIXELS = 3 * 32 * 32;

  private TinyCifar() {}

  /** Returns the files of two images each, of noise, by name. */
  static Map<String, byte[]> files(Cifar set) {
    int classes = set == Cifar.CIFAR10 ? 10 : 100;
    Map<String, byte[]> files = new TreeMap<>();
    int next = 0;
    for (String name : set.files()) {
      if (name.endsWith(".txt")) {
        StringBuilder names = new StringBuilder();
        for (int c = 0; c < classes; c++) {
          names.append("kind ").append(c).append('\n');
        }
        files.put(name, (names + "\n").getBytes(StandardCharsets.UTF_8));
      } else {
        files.put(name, records(set, next++, classes));
      }
    }
    return files;
  }

  private static byte[] records(Cifar set, int file, int classes) {
    int labels = set == Cifar.CIFAR10 ? 1 : 2;
    byte[] bytes = TinyIdx.noise(2 * (labels + PIXELS), file);
    for (int i = 0; i < 2; i++) {
      int at = i * (labels + PIXELS);
      bytes[at] = 19; // of CIFAR-100 a group, which nobody reads
      bytes[at + labels - 1] = (byte) ((3 * file + i) % classes);
    }
    return bytes;
  }

  static Path write(Cifar set, Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Map.Entry<String, byte[]> file : files(set).entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
    return folder;
  }

  /** Returns an archive of a folder and files, as GNU tar writes it. */
  static byte[] tar(String folder, Map<String, byte[]> files) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header(folder + "/", 0, '5'));
    files.forEach(
        (name, content) -> {
          out.writeBytes(header(folder + "/" + name, content.length, '0'));
          out.writeBytes(content);
          out.writeBytes(new byte[-content.length & 511]);
        });
    out.writeBytes(new byte[1024]);
    return out.toByteArray();
  }

  private static byte[] header(String name, int size, char type) {
    byte[] header = new byte[512];
    put(header, 0, name);
    put(header, 100, "0000644\0" + "0001750\0" + "0001750\0");
    put(header, 124, "%011o\0".formatted(size) + "11256436000\0" + "        " + type);
    put(header, 257, "ustar  ");
    int sum = 0;
    for (byte value : header) {
      sum += value & 0xFF;
    }
    put(header, 148, "%06o\0 ".formatted(sum));
    return header;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }
}
